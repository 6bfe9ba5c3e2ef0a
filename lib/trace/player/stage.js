/* stage.js: one run on the page: its map, its ladder, what its step says, its details, at its own moment s of the story that all runs
 * of the page share. A page has one or two. Time, keys and what is common: main.js. */
import { el, fill } from './dom.js';
import { Story } from './time.js';
import { shapeOf } from './data.js';
import { Stores, Trouble } from './state.js';
import { Format } from './format.js';
import { MapView } from './map.js';
import { LadderView } from './ladder.js';
import { SegmentView } from './segment.js';
import { PlotView } from './plot.js';
import { MailboxView } from './mailbox.js';
import { TableView } from './table.js';

export class Stage {
  /* letter: '' where it stands alone. */
  constructor(app, run, at, letter) {
    Object.assign(this, { app, run, at, letter, s: 0, selected: -1, conn: -1, hostFilter: -1 });
    this.suffix = at ? '-' + (at + 1) : ''; /* of ids */
    this.story = new Story(run);
    this.stores = new Stores(run);
    this.trouble = new Trouble(run);
    this.format = new Format(run, app.words);
    this.longestFlight = 1;
    for (let i = 0; i < run.seg.n; i++) this.longestFlight = Math.max(this.longestFlight, run.seg.end[i] - run.seg.t[i]);
  }

  /* What all runs share. */
  get words() {
    return this.app.words;
  }
  get colours() {
    return this.app.colours;
  }
  get still() {
    return this.app.still;
  }
  get mode() {
    return this.app.mode;
  }
  get themeCount() {
    return this.app.themeCount;
  }
  get filterCount() {
    return this.app.filterCount;
  }
  touch() {
    this.app.touch();
  }
  say(text) {
    this.app.say(text);
  }
  openTab(name, focus) {
    this.app.openTab(name, focus);
  }
  seek(s, byHand) {
    this.app.seek(this.app.fromOwn(this.at, s), byHand);
  }

  /* The picture and its caption; details goes from the name of a tab to where its view stands. */
  build(legendBox, details) {
    const id = (name) => name + this.suffix;
    this.heading = this.letter ? el('h2', { class: 'run-title' }) : null;
    this.mapRoot = el('section', { class: 'map', id: id('map'), tabindex: '0', role: 'region' });
    this.ladderRoot = el('section', { class: 'ladder', id: id('ladder') });
    this.caption = el('p', { class: 'caption', id: id('caption') });
    this.root = el('div', { class: 'run' }, this.heading, el('div', { class: 'stage' }, el('div', { class: 'where' }, this.mapRoot, legendBox), this.ladderRoot), this.caption);
    this.headings = {};
    const view = (Kind, name) => {
      const root = el('div', { class: 'view ' + name });
      if (this.letter) details[name].append((this.headings[name] = el('h2', { class: 'run-title' })));
      details[name].append(root);
      return new Kind(this, root);
    };
    this.map = new MapView(this, this.mapRoot);
    this.ladder = new LadderView(this, this.ladderRoot);
    this.views = { segment: view(SegmentView, 'segment'), plot: view(PlotView, 'plot'), mailboxes: view(MailboxView, 'mailboxes'), table: view(TableView, 'table') };
  }

  /* Two runs of one name are told apart by their seeds. */
  title() {
    const title = this.format.title(), alike = this.app.stages.every((other) => other.format.title() === title);
    return this.letter ? `${this.letter}: ${title}${alike ? ' (' + this.words.ui('seed', { seed: this.run.source.seed }) + ')' : ''}` : title;
  }

  rename() {
    const w = this.words, title = this.title(), of = this.letter ? ', ' + title : '';
    for (const node of [this.heading, ...Object.values(this.headings)]) if (node) node.textContent = title;
    this.mapRoot.setAttribute('aria-label', w.ui('map') + of);
    this.ladder.scroller.setAttribute('aria-label', w.ui('ladder') + of);
    this.views.table.shown = this.views.segment.shown = this.views.mailboxes.shown = this.views.plot.drawn = '';
    this.shownCaption = undefined;
    if (this.map.width) this.map.drawStatic();
    if (this.ladder.items) this.ladder.resize();
  }

  resize() {
    this.map.resize();
    if (this.ladder.items) this.ladder.resize();
    else this.ladder.rebuild();
    this.views.plot.drawn = '';
  }

  shows(i) {
    const { seg } = this.run, { hidden } = this.app;
    if (this.conn >= 0 && seg.c[i] !== this.conn) return false;
    if (this.hostFilter >= 0 && seg.a[i] !== this.hostFilter && seg.b[i] !== this.hostFilter) return false;
    return hidden.size === 0 || !hidden.has(shapeOf(this.run, i));
  }

  select(i, open) {
    this.selected = i;
    if (i >= 0) {
      this.app.active = this;
      this.views.plot.follow(i);
      this.views.table.reveal(i);
    }
    if (open) this.openTab('segment', false);
    this.touch();
  }

  setConn(conn) {
    this.conn = conn;
    this.app.filterChanged();
  }

  setHost(host) {
    this.hostFilter = host;
    this.app.filterChanged();
  }

  filterChanged() {
    this.ladder.rebuild();
    this.views.table.invalidate();
  }

  draw(tab) {
    this.map.update();
    this.ladder.update();
    const n = this.step(), caption = this.captionText();
    if (this.shownCaption !== caption) {
      this.shownCaption = caption;
      const step = this.run.steps[n - 1];
      fill(this.caption, n > 0 ? el('span', { class: 'step-number', text: String(n) }) : null, caption, step && !step.ok ? el('strong', { text: ' ' + this.words.ui('not_observed') }) : null);
    }
    this.views[tab].update();
  }

  /* The step it is in; one that only the other run has, where steps align them. */
  step() {
    const own = this.story.stepAt(this.s), { story, s } = this.app;
    return this.letter && !story.byClock && own === this.run.steps.length ? Math.max(own, story.stepAt(s)) : own;
  }

  captionText() {
    const n = this.step();
    if (n === 0) return this.words.ui('begin');
    return n > this.run.steps.length ? this.words.ui('no_step') : this.format.caption(n);
  }
}
