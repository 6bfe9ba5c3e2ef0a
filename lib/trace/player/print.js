/* print.js: the run on paper: title, topology, the ladder folded by steps with its captions, mailboxes at the end. Made when somebody
 * prints, and taken away afterwards; black on white. */
import { el, svg, fill } from './dom.js';
import { foldedItems, lanesOf, ladderRow } from './export.js';
import { textAt } from './data.js';
import { contentAt } from './state.js';
import { unstuff } from './mailbox.js';
import { visible } from './format.js';

const ROWS_MAX = 400, WIDTH = 680, SHEET_ROWS = 20;
const PAPER_INK = { bg: '#fff', fg: '#000', muted: '#333', line: '#888', syn: '#000', psh: '#000', ack: '#000', fin: '#000', rst: '#000', udp: '#000' };

export class Paper {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    addEventListener('beforeprint', () => this.build());
    addEventListener('afterprint', () => fill(root));
  }

  build() {
    fill(this.root, ...this.app.stages.flatMap((stage) => new Sheets(stage).all()));
  }
}

/* One run. */
class Sheets {
  constructor(stage) {
    this.app = stage;
  }

  all() {
    const { app } = this, w = app.words, { items, folded } = foldedItems(app, ROWS_MAX), lanes = lanesOf(app, items);
    return [el('h1', { text: app.title() }), this.topology(), this.ladder(items, lanes), folded ? el('p', { text: w.ui('print_folded', { n: folded }) }) : null, ...this.mailboxes()];
  }

  topology() {
    const { run, format } = this.app, lines = run.links.map((link) => `${link.a} – ${link.b}` + (link.ab ? ` (${this.app.map.linkText({ link })})` : ''));
    for (const network of run.networks) lines.push(`${network.name}: ${network.members.map((member) => member.host).join(', ')}`);
    return el('ul', { class: 'paper-links' }, ...lines.slice(0, 60).map((text) => el('li', { text: visible(text) })), lines.length > 60 ? el('li', { text: format.words.ui('more', { n: lines.length - 60 }) }) : null);
  }

  /* A table, so that its head stands on every sheet; a body per step, so that sheets end between steps. */
  ladder(items, lanes) {
    const { app } = this, gap = (WIDTH - 170) / Math.max(1, lanes.size - 1), head = svg('svg', { width: WIDTH, height: 20, viewBox: `0 0 ${WIDTH} 20` });
    for (const [host, lane] of lanes) head.append(svg('text', { x: 50 + lane * gap, y: 14, 'text-anchor': 'middle', 'font-size': 11, 'font-weight': 'bold', 'font-family': 'sans-serif', text: app.format.host(host) }));
    const bodies = [];
    const told = new Set(items.map((item) => item.n));
    let rows = [], after = 0;
    const flush = (n) => {
      for (let at = 0; at < rows.length; at += SHEET_ROWS) {
        const part = rows.slice(at, at + SHEET_ROWS);
        const drawing = svg('svg', { width: WIDTH, height: part.length * 26, viewBox: `0 0 ${WIDTH} ${part.length * 26}` }, ...part.map((item, k) => ladderRow(app, item, lanes, WIDTH, PAPER_INK, k * 26)));
        bodies.push(el('tbody', {}, n && at === 0 ? el('tr', {}, el('td', { class: 'paper-caption', text: `${n}  ${app.format.caption(n)}` })) : null, el('tr', {}, el('td', {}, drawing))));
      }
      rows = [];
    };
    for (const item of items) {
      rows.push(item);
      if (!item.n) continue;
      for (let missed = after + 1; missed < item.n; missed++) if (!told.has(missed)) bodies.push(this.missing(missed));
      after = Math.max(after, item.n);
      flush(item.n);
    }
    flush(0);
    for (let missed = after + 1; missed <= app.run.steps.length; missed++) if (!told.has(missed)) bodies.push(this.missing(missed));
    return el('table', { class: 'paper-ladder' }, el('thead', {}, el('tr', {}, el('th', {}, head))), ...bodies);
  }

  missing(n) {
    const { app } = this, step = app.run.steps[n - 1];
    return el('tbody', {}, el('tr', {}, el('td', { class: 'paper-caption', text: `${n}  ${app.format.caption(n)}` + (step.ok ? '' : ' – ' + app.words.ui('not_observed')) })));
  }

  mailboxes() {
    const { app } = this, w = app.words, out = [];
    for (const store of app.stores.after(app.run.app.length)) {
      if (!store.items.size) continue;
      out.push(el('h2', { text: `${app.format.host(store.host)}: ${visible(store.box)}` }));
      for (const item of [...store.items.values()].slice(0, 20)) {
        const message = contentAt(app.run, item.id, store.host, Infinity);
        out.push(el('h3', { text: visible(item.id) + ' – ' + w.ui(item.durable ? 'lasting' : 'passing') }));
        if (message) out.push(el('pre', { text: unstuff(textAt(app.run.contents, message.x).text, app.run.conns[message.c].sport).slice(0, 4000).split('\n').map((line) => visible(line.replace(/\r$/, ''))).join('\n') }));
      }
    }
    return out;
  }
}
