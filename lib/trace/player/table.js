/* table.js: the trace as a table, in pages: the ladder for those who read, and what the search works on. */
import { el, fill } from './dom.js';
import { textAt } from './data.js';
import { visible, cut } from './format.js';

export const PAGE = 100;

export class TableView {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.page = 0;
    this.query = '';
    this.shown = '';
    this.rows = null;
  }

  invalidate() {
    this.rows = null;
    this.shown = '';
  }

  matches(i, query) {
    const { app } = this;
    return (app.format.label(i) + ' ' + app.format.host(app.run.seg.a[i]) + ' ' + app.format.host(app.run.seg.b[i]) + ' ' + app.run.conns[app.run.seg.c[i]].name + ' ' + textAt(app.run.text, app.run.seg.x[i]).text).toLowerCase().includes(query);
  }

  find() {
    const { app } = this, query = this.query.trim().toLowerCase();
    this.rows = [];
    for (let i = 0; i < app.run.seg.n; i++) if (app.shows(i) && (!query || this.matches(i, query))) this.rows.push(i);
    this.page = Math.min(this.page, Math.max(0, Math.ceil(this.rows.length / PAGE) - 1));
  }

  /* Turns to the page of a row. */
  reveal(i) {
    if (!this.rows) this.find();
    const at = this.rows.indexOf(i);
    if (at >= 0) this.page = Math.floor(at / PAGE);
  }

  update() {
    const { app } = this;
    if (!this.rows) this.find();
    const key = [this.page, this.query, app.filterCount, app.words.lang, app.selected].join();
    if (this.shown === key) return;
    this.shown = key;
    const w = app.words, pages = Math.max(1, Math.ceil(this.rows.length / PAGE));
    if (!this.search) this.build();
    this.search.setAttribute('aria-label', w.ui('search'));
    this.search.placeholder = w.ui('search');
    const turn = (by, word, possible) => el('button', { type: 'button', text: w.ui(word), disabled: !possible, onclick: () => { this.page += by; app.touch(); } });
    fill(this.pages, turn(-1, 'page_back', this.page > 0), el('span', { text: w.ui('page_of', { n: this.page + 1, total: pages }) + ', ' + w.ui('rows', { n: this.rows.length }) }), turn(1, 'page_next', this.page + 1 < pages));
    const list = this.rows.slice(this.page * PAGE, (this.page + 1) * PAGE);
    fill(this.head, el('tr', {}, ...['time', 'from', 'to', 'what', 'length', 'text', 'step'].map((name) => el('th', { scope: 'col', text: w.ui(name) }))));
    fill(this.body, ...list.map((i) => this.row(i)));
    fill(this.caption, app.format.title());
  }

  build() {
    const { app } = this;
    this.search = el('input', { type: 'search', id: 'search' + app.suffix, oninput: () => { this.query = this.search.value; this.page = 0; this.rows = null; app.touch(); } });
    this.pages = el('div', { class: 'pages' });
    this.caption = el('caption');
    this.head = el('thead');
    this.body = el('tbody');
    fill(this.root, el('div', { class: 'table-tools' }, this.search, this.pages), el('div', { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': app.words.ui('table') + app.suffix }, el('table', {}, this.caption, this.head, this.body)));
  }

  row(i) {
    const { app } = this, { seg } = app.run, f = app.format, go = () => { app.select(i, false); app.seek(app.story.s1[i], true); };
    const { text } = textAt(app.run.text, seg.x[i]);
    return el('tr', { class: i === app.selected ? 'selected' : '' },
      el('td', {}, el('button', { type: 'button', class: 'link-button', text: f.time(seg.t[i]), onclick: go })), el('td', { text: f.host(seg.a[i]) }), el('td', { text: f.host(seg.b[i]) }),
      el('td', { text: [f.proto(i), f.name(i), seg.kind[i] === 0 ? f.what(i).replace(/ \d+$/, '') : '', seg.d[i] >= 0 ? '' : f.fate(i)].filter(Boolean).join(' ') }), el('td', { class: 'number', text: String(seg.len[i]) }),
      el('td', { class: 'words', text: visible(cut(text, 121).replace(/\r?\n/g, ' ')) }), el('td', { class: 'number', text: String(app.story.stepAt(app.story.s1[i]) || '') }));
  }
}
