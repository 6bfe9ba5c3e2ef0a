/* panels.js: what opens above the page: filter, export, help with its switches. One at a time; Escape closes it. */
import { el, fill } from './dom.js';
import { exportList } from './export.js';
import { helpTable } from './keys.js';
import { SHAPES } from './data.js';
import { svg } from './dom.js';
import { PATHS, COLOUR_OF } from './marks.js';

export function shapeIcon(shape) {
  const path = PATHS[shape];
  return svg('svg', { width: 20, height: 18, viewBox: '-10 -9 20 18', class: 'mark ' + COLOUR_OF[shape] + (path.fill ? ' solid' : ''), 'aria-hidden': 'true' }, svg('path', { d: path.d, 'fill-rule': 'evenodd' }));
}

/* Always there: what shapes mean; each entry hides and shows its kind. */
export function legend(app) {
  const present = new Set(app.shapesPresent());
  return SHAPES.filter((shape) => present.has(shape)).map((shape) => el('button', {
    type: 'button', class: 'legend-entry', 'aria-pressed': app.hidden.has(shape) ? 'false' : 'true', 'data-shape': shape, onclick: () => app.toggleShape(shape),
  }, shapeIcon(shape), el('span', { text: app.words.ui('shape_' + shape) })));
}

export class Panels {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.open = null;
  }

  toggle(name) {
    this.show(this.open === name ? null : name);
  }

  show(name) {
    const { app, root } = this, before = this.open;
    this.open = name;
    root.hidden = !name;
    for (const button of document.querySelectorAll('[data-panel]')) button.setAttribute('aria-expanded', button.dataset.panel === name ? 'true' : 'false');
    if (!name) {
      fill(root);
      const button = document.querySelector(`[data-panel="${before}"]`);
      if (button && before) button.focus();
      return;
    }
    const content = { filter: () => this.filters(), export: () => el('div', {}, ...app.stages.flatMap((stage) => [stage.letter ? el('h3', { text: stage.title() }) : null, exportList(stage)])), help: () => this.help() }[name]();
    const close = el('button', { type: 'button', class: 'icon', 'aria-label': app.words.ui('close'), onclick: () => this.show(null) }, el('span', { 'aria-hidden': 'true', text: '✕' }));
    const title = el('h2', { id: 'panel-title', text: app.words.ui(name), tabindex: '-1' });
    fill(root, el('div', { class: 'panel-head' }, title, close), content);
    root.setAttribute('aria-labelledby', 'panel-title');
    title.focus();
  }

  filters() {
    const { app } = this, w = app.words;
    return el('div', { class: 'form' }, ...app.stages.flatMap((stage) => this.filter(stage)),
      el('p', { class: 'hint', text: w.ui('filter_hint') }), el('button', { type: 'button', text: w.ui('filter_none'), onclick: () => { app.clearFilter(); this.show('filter'); } }));
  }

  filter(stage) {
    const { run, words: w, suffix } = stage;
    const conn = el('select', { id: 'filter-conn' + suffix, onchange: () => stage.setConn(Number(conn.value)) }, el('option', { value: -1, text: w.ui('all_connections') }), ...run.conns.slice(0, 2000).map((c) => el('option', { value: c.id, text: c.name })));
    conn.value = stage.conn;
    const host = el('select', { id: 'filter-host' + suffix, onchange: () => stage.setHost(Number(host.value)) }, el('option', { value: -1, text: w.ui('all_hosts') }), ...run.hosts.slice(0, 2000).map((h) => el('option', { value: h.id, text: stage.format.host(h.id) })));
    host.value = stage.hostFilter;
    return [stage.letter ? el('h3', { text: stage.title() }) : null, el('label', { for: 'filter-conn' + suffix, text: w.ui('connection') }), conn, el('label', { for: 'filter-host' + suffix, text: w.ui('host') }), host];
  }

  check(key, value, change) {
    const box = el('input', { type: 'checkbox', id: 'c-' + key, onchange: () => change(box.checked) });
    box.checked = value;
    return el('p', { class: 'check' }, box, el('label', { for: 'c-' + key, text: this.app.words.ui(key) }));
  }

  help() {
    const { app } = this;
    return el('div', {}, el('p', { text: app.words.ui('about') }),
      this.check('letters', app.letters, (on) => app.setLetters(on)), this.check('still', app.still, (on) => app.setStill(on)), this.check('announce', app.announce, (on) => app.setAnnounce(on)), this.check('pause_steps', app.pauseAtSteps, (on) => app.setPause(on)),
      helpTable(app), el('p', { class: 'hint', text: app.run.data.producer + ', ' + app.run.data.schema }));
  }
}
