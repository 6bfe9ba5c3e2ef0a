/* main.js: one state, a handful of views. Every view draws the moment `s` of the story; nothing is animated by changing what is drawn,
 * so going back is going forward with another number. The loop rests while nothing changes. */
import { el, fill, set } from './dom.js';
import { Words } from './words.js';
import { decode, PlayError, shapeOf, SHAPES } from './data.js';
import { Story, lowerBound, upperBound } from './time.js';
import { Stores, Trouble, inFlight, eventCount } from './state.js';
import { Format } from './format.js';
import { readColours } from './marks.js';
import { MapView } from './map.js';
import { LadderView } from './ladder.js';
import { Controls, SPEEDS } from './controls.js';
import { SegmentView } from './segment.js';
import { PlotView } from './plot.js';
import { MailboxView } from './mailbox.js';
import { TableView } from './table.js';
import { Panels, legend } from './panels.js';
import { Paper } from './print.js';
import { onKey } from './keys.js';

const TABS = ['segment', 'plot', 'mailboxes', 'table'], THEMES = ['system', 'light', 'dark'], SLIDE_MS = 3000, MANY = 100000;

/* What the browser keeps for this page, where it is permitted. */
function recall(key) {
  try {
    return localStorage.getItem('mailsim.' + key);
  } catch {
    return null;
  }
}
function keep(key, value) {
  try {
    localStorage.setItem('mailsim.' + key, value);
  } catch { /* not permitted: forgotten with the page */ }
}

class App {
  constructor(dataText, builtIn, root) {
    this.root = root;
    this.dataText = dataText;
    this.data = JSON.parse(dataText);
    this.words = new Words(builtIn, this.data);
    this.params = new URLSearchParams(location.hash.slice(1));
    this.words.use(this.params.get('lang') || recall('lang') || navigator.language || 'en');
    this.run = decode(this.data);
    this.story = new Story(this.run);
    this.stores = new Stores(this.run);
    this.trouble = new Trouble(this.run);
    this.format = new Format(this.run, this.words);
    Object.assign(this, { s: 0, playing: false, mode: 'story', speed: 1, pauseAtSteps: false, selected: -1, conn: -1, hostFilter: -1, hidden: new Set(), tab: 'segment' });
    Object.assign(this, { letters: recall('letters') !== 'no', announce: false, filterCount: 0, themeCount: 0, dirty: true, lastFrame: 0 });
    this.theme = THEMES.includes(recall('theme')) ? recall('theme') : 'system';
    this.still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.longestFlight = 1;
    for (let i = 0; i < this.run.seg.n; i++) this.longestFlight = Math.max(this.longestFlight, this.run.seg.end[i] - this.run.seg.t[i]);
    this.clockRate = this.naturalRate();
    this.build();
    this.readPlace();
    this.applyTheme();
    this.rename();
    this.listen();
    this.resize();
  }

  /* Simulated nanoseconds per real millisecond that show the run in half a minute: a power of ten from 1/1000 to 100. */
  naturalRate() {
    const wanted = (this.run.end || 1) / 30e9;
    return 1e6 * Math.min(100, Math.max(0.001, 10 ** Math.round(Math.log10(wanted))));
  }

  /* ---- the page ---- */

  build() {
    this.title = el('h1', { id: 'title' });
    this.modeButton = el('button', { type: 'button', id: 'mode', onclick: () => this.setMode(this.mode === 'story' ? 'clock' : 'story') });
    this.language = el('select', { id: 'language', onchange: () => this.setLanguage(this.language.value) });
    this.themeButton = el('button', { type: 'button', class: 'icon', id: 'theme', onclick: () => this.nextTheme() });
    const panelButton = (name, text) => el('button', { type: 'button', 'data-panel': name, 'aria-expanded': 'false', 'aria-controls': 'panel', onclick: () => this.togglePanel(name), class: text ? 'icon' : '' }, text ? el('span', { 'aria-hidden': 'true', text }) : null);
    this.panelButtons = { filter: panelButton('filter'), export: panelButton('export'), help: panelButton('help', '?') };
    this.legendBox = el('div', { class: 'legend', role: 'group' });
    const mapRoot = el('section', { class: 'map', id: 'map', tabindex: '0', role: 'region' }), ladderRoot = el('section', { class: 'ladder', id: 'ladder' });
    this.mapRoot = mapRoot;
    this.ladderRoot = ladderRoot;
    this.caption = el('p', { class: 'caption', id: 'caption' });
    this.live = el('p', { class: 'sr', role: 'status', 'aria-live': 'polite' });
    this.note = el('p', { class: 'note', hidden: true });
    const controlsRoot = el('section', { class: 'controls', id: 'controls', role: 'group' });
    this.controlsRoot = controlsRoot;
    this.panel = el('aside', { class: 'panel', id: 'panel', hidden: true });
    this.tabList = el('div', { class: 'tabs', role: 'tablist' });
    this.tabButtons = {};
    this.tabRoots = {};
    for (const name of TABS) {
      this.tabButtons[name] = el('button', { type: 'button', role: 'tab', id: 'tab-' + name, 'aria-controls': 'view-' + name, onclick: () => this.openTab(name, false), onkeydown: (event) => this.tabKey(event, name) });
      this.tabRoots[name] = el('div', { role: 'tabpanel', id: 'view-' + name, class: 'view ' + name, 'aria-labelledby': 'tab-' + name, tabindex: '0', hidden: true });
      this.tabList.append(this.tabButtons[name]);
    }
    this.paperRoot = el('div', { class: 'paper' });
    fill(this.root, el('div', { class: 'screen' },
      el('header', {}, this.title, el('div', { class: 'tools' }, this.modeButton, this.panelButtons.filter, this.panelButtons.export, this.language, this.themeButton, this.panelButtons.help)),
      this.note, this.panel,
      el('main', {}, el('div', { class: 'stage' }, el('div', { class: 'where' }, mapRoot, this.legendBox), ladderRoot), this.caption, controlsRoot, el('section', { class: 'details', id: 'details' }, this.tabList, ...Object.values(this.tabRoots))),
      this.live), this.paperRoot);
    this.map = new MapView(this, mapRoot);
    this.ladder = new LadderView(this, ladderRoot);
    this.controls = new Controls(this, controlsRoot);
    this.views = { segment: new SegmentView(this, this.tabRoots.segment), plot: new PlotView(this, this.tabRoots.plot), mailboxes: new MailboxView(this, this.tabRoots.mailboxes), table: new TableView(this, this.tabRoots.table) };
    this.panels = new Panels(this, this.panel);
    this.paper = new Paper(this, this.paperRoot);
  }

  /* Everything that is words, in the language that is spoken now. */
  rename() {
    const w = this.words;
    document.documentElement.lang = w.lang;
    document.documentElement.dir = w.dir;
    document.title = this.format.title();
    this.title.textContent = this.format.title();
    this.modeButton.textContent = w.ui(this.mode === 'story' ? 'mode_story' : 'mode_clock');
    set(this.modeButton, { title: w.ui('k_mode') });
    this.panelButtons.filter.textContent = w.ui('filter');
    this.panelButtons.export.textContent = w.ui('export');
    set(this.panelButtons.help, { 'aria-label': w.ui('help'), title: w.ui('help') });
    fill(this.language, ...w.languages().map((lang) => el('option', { value: lang, text: lang })));
    this.language.value = w.lang;
    set(this.language, { 'aria-label': w.ui('language') });
    for (const name of TABS) this.tabButtons[name].textContent = w.ui(name);
    set(this.tabList, { 'aria-label': w.ui('details') });
    set(this.mapRoot, { 'aria-label': w.ui('map') });
    set(this.ladder.scroller, { 'aria-label': w.ui('ladder') });
    set(this.controlsRoot, { 'aria-label': w.ui('controls') });
    set(this.legendBox, { 'aria-label': w.ui('legend') });
    this.themeName();
    this.controls.name();
    fill(this.legendBox, ...legend(this));
    this.note.hidden = this.run.seg.n <= MANY;
    this.note.textContent = w.ui('note_many', { n: this.run.seg.n });
    if (this.panels.open) this.panels.show(this.panels.open);
    this.views.table.shown = this.views.segment.shown = this.views.mailboxes.shown = '';
    this.views.plot.drawn = '';
    if (this.map.width) this.map.drawStatic();
    if (this.ladder.items) this.ladder.resize();
    this.touch();
  }

  setLanguage(lang) {
    this.words.use(lang);
    keep('lang', lang);
    this.rename();
  }

  applyTheme() {
    if (this.theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.theme;
    this.colours = readColours();
    this.themeCount++;
    this.touch();
  }

  themeName() {
    set(this.themeButton, { 'aria-label': this.words.ui('theme_' + this.theme), title: this.words.ui('theme_' + this.theme) });
    fill(this.themeButton, el('span', { 'aria-hidden': 'true', text: { system: '◐', light: '☀', dark: '☾' }[this.theme] }));
  }

  nextTheme() {
    this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length];
    keep('theme', this.theme);
    this.applyTheme();
    this.themeName();
  }

  listen() {
    addEventListener('keydown', (event) => onKey(this, event));
    addEventListener('hashchange', () => {
      this.params = new URLSearchParams(location.hash.slice(1));
      this.readPlace();
    });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.applyTheme());
    matchMedia('(prefers-reduced-motion: reduce)').addEventListener('change', (event) => this.setStill(event.matches));
    new ResizeObserver(() => { /* between layout and paint: a frame asked for now would come one picture too late */
      this.resize();
      this.draw();
    }).observe(this.root);
  }

  resize() {
    const width = this.root.clientWidth;
    this.map.resize();
    if (this.ladder.items) this.ladder.resize();
    else this.ladder.rebuild();
    this.controls.resize();
    this.views.plot.drawn = '';
    this.lastWidth = width;
    this.touch();
  }

  /* ---- what is shown ---- */

  shows(i) {
    const { seg } = this.run;
    if (this.conn >= 0 && seg.c[i] !== this.conn) return false;
    if (this.hostFilter >= 0 && seg.a[i] !== this.hostFilter && seg.b[i] !== this.hostFilter) return false;
    return this.hidden.size === 0 || !this.hidden.has(shapeOf(this.run, i));
  }

  shapesPresent() {
    if (!this.present) {
      const found = new Set();
      for (let i = 0; i < this.run.seg.n && found.size < SHAPES.length; i++) found.add(shapeOf(this.run, i));
      this.present = [...found];
    }
    return this.present;
  }

  filterChanged() {
    this.filterCount++;
    this.ladder.rebuild();
    this.views.table.invalidate();
    fill(this.legendBox, ...legend(this));
    this.touch();
  }

  toggleShape(shape) {
    if (!this.hidden.delete(shape)) this.hidden.add(shape);
    this.filterChanged();
    const button = this.legendBox.querySelector(`[data-shape="${shape}"]`);
    if (button) button.focus();
  }

  setConn(conn) {
    this.conn = conn;
    this.filterChanged();
  }

  setHost(host) {
    this.hostFilter = host;
    this.filterChanged();
  }

  clearFilter() {
    this.conn = this.hostFilter = -1;
    this.hidden.clear();
    this.filterChanged();
  }

  /* Only the connection of the selected packet, or all again. */
  follow() {
    this.setConn(this.conn >= 0 || this.selected < 0 ? -1 : this.run.seg.c[this.selected]);
    this.say(this.conn >= 0 ? this.run.conns[this.conn].name : this.words.ui('all_connections'));
  }

  select(i, open) {
    this.selected = i;
    if (i >= 0) {
      this.views.plot.follow(i);
      this.views.table.reveal(i);
    }
    if (open) this.openTab('segment', false);
    this.touch();
  }

  openTab(name, focus) {
    this.tab = name;
    for (const tab of TABS) {
      const on = tab === name;
      this.tabButtons[tab].setAttribute('aria-selected', on ? 'true' : 'false');
      this.tabButtons[tab].tabIndex = on ? 0 : -1;
      this.tabRoots[tab].hidden = !on;
    }
    if (focus) this.tabButtons[name].focus();
    this.touch();
  }

  tabKey(event, name) {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    this.openTab(TABS[(TABS.indexOf(name) + by + TABS.length) % TABS.length], true);
  }

  search() {
    this.openTab('table', false);
    this.views.table.update();
    this.views.table.search.focus();
  }

  togglePanel(name) {
    this.panels.toggle(name);
  }

  escape() {
    if (this.panels.open) this.panels.show(null);
    else this.select(-1, false);
  }

  /* ---- moving ---- */

  seek(s, byHand) {
    this.s = Math.min(this.story.end, Math.max(0, s));
    if (byHand) this.pause();
    this.touch();
  }

  /* To the end of the step in front of this one, or of the next one. */
  goStep(by) {
    const n = this.story.stepAt(this.s), at = this.story.stepEnd(n);
    const to = by > 0 ? (this.s < at - 0.25 ? n : n + 1) : n - 1;
    this.pause();
    if (to > this.run.steps.length) this.seek(this.story.end);
    else this.seek(this.s > this.story.stepEnd(this.run.steps.length) && by < 0 ? this.story.stepEnd(this.run.steps.length) : this.story.stepEnd(to));
    this.say(this.captionText());
  }

  goRow(by) {
    const { rowEnds } = this.story, k = by > 0 ? upperBound(rowEnds, this.s + 0.25) : lowerBound(rowEnds, this.s - 0.25) - 1;
    this.pause();
    this.seek(k < 0 ? 0 : k < rowEnds.length ? rowEnds[k] : this.story.end);
  }

  toggle() {
    if (this.playing) this.pause();
    else {
      if (this.s >= this.story.end) this.s = 0;
      this.playing = true;
      this.lastFrame = 0;
      this.touch();
    }
  }

  pause() {
    this.playing = false;
    this.touch();
  }

  setMode(mode) {
    this.mode = mode;
    this.modeButton.textContent = this.words.ui(mode === 'story' ? 'mode_story' : 'mode_clock');
    this.say(this.words.ui(mode === 'story' ? 'mode_story' : 'mode_clock'));
    this.touch();
  }

  setSpeed(speed) {
    this.speed = speed;
    this.touch();
  }

  faster(by) {
    this.setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(this.speed) + by))]);
  }

  setPause(on) {
    this.pauseAtSteps = on;
    this.say(this.words.ui('pause_steps') + ': ' + this.words.ui(on ? 'yes' : 'no'));
  }

  setStill(on) {
    this.still = on;
    this.touch();
  }

  setAnnounce(on) {
    this.announce = on;
  }

  setLetters(on) {
    this.letters = on;
    keep('letters', on ? 'yes' : 'no');
  }

  say(text) {
    this.live.textContent = text;
  }

  /* One frame of playing. Without movement it is a slide show. */
  advance(ms) {
    const before = this.s, n = this.story.stepAt(before), border = n > 0 && before < this.story.stepEnd(n) - 0.25 ? this.story.stepEnd(n) : this.story.stepEnd(n + 1);
    if (this.still) {
      this.slide = (this.slide || 0) + ms * this.speed;
      if (this.slide < SLIDE_MS) return;
      this.slide = 0;
      this.s = n >= this.run.steps.length ? this.story.end : border;
    } else if (this.mode === 'clock') this.s = Math.max(before, this.story.storyLast(this.story.timeOf(before) + ms * this.clockRate * this.speed));
    else this.s = before + ms * this.speed;
    if (before < border && this.s >= border && n < this.run.steps.length) {
      if (this.pauseAtSteps) {
        this.s = border;
        this.playing = false;
      }
      if (this.announce || this.pauseAtSteps) this.say(this.captionText());
    }
    if (this.s >= this.story.end) {
      this.s = this.story.end;
      this.playing = false;
    }
  }

  touch() {
    if (this.framed) return;
    this.framed = requestAnimationFrame((now) => this.frame(now));
  }

  frame(now) {
    this.framed = 0;
    const begin = performance.now();
    if (this.playing) {
      if (this.lastFrame) this.advance(Math.min(200, now - this.lastFrame));
      this.lastFrame = now;
    }
    this.draw();
    this.frameMs = performance.now() - begin;
    if (this.playing) this.touch();
    else this.writePlace();
  }

  draw() {
    this.map.update();
    this.ladder.update();
    this.controls.update();
    const caption = this.captionText();
    if (this.shownCaption !== caption) {
      this.shownCaption = caption;
      const n = this.story.stepAt(this.s), step = this.run.steps[n - 1];
      fill(this.caption, n > 0 ? el('span', { class: 'step-number', text: String(n) }) : null, caption, step && !step.ok ? el('strong', { text: ' ' + this.words.ui('not_observed') }) : null);
    }
    this.views[this.tab].update();
  }

  captionText() {
    const n = this.story.stepAt(this.s);
    return n === 0 ? this.words.ui('begin') : this.format.caption(n);
  }

  /* ---- the address holds the moment ---- */

  readPlace() {
    const get = (name) => this.params.get(name), step = Number(get('step')), t = Number(get('t'));
    if (get('lang') && this.words.lang !== this.words.use(get('lang'))) this.rename();
    if (get('mode') === 'clock' || get('mode') === 'story') this.mode = get('mode');
    this.openTab(TABS.includes(get('view')) ? get('view') : this.tab, false);
    if (get('seg') !== null && Number(get('seg')) >= 0 && Number(get('seg')) < this.run.seg.n) this.select(Math.floor(Number(get('seg'))), false);
    if (get('step') !== null && Number.isInteger(step) && step >= 0 && step <= this.run.steps.length) this.seek(this.story.stepEnd(step));
    else if (get('t') !== null && Number.isFinite(t)) this.seek(this.story.storyLast(t * 1e9));
  }

  writePlace() {
    const n = this.story.stepAt(this.s), parts = ['t=' + this.story.timeOf(this.s) / 1e9];
    if (Math.abs(this.story.stepEnd(n) - this.s) < 0.25) parts.push('step=' + n);
    parts.push('view=' + this.tab);
    if (this.mode === 'clock') parts.push('mode=clock');
    if (this.selected >= 0) parts.push('seg=' + this.selected);
    if (this.params.get('lang')) parts.push('lang=' + this.words.lang);
    const hash = '#' + parts.join('&');
    if (hash === location.hash || hash === this.hash) return;
    this.hash = hash;
    try {
      history.replaceState(null, '', hash);
    } catch { /* not permitted here: the page works without it */ }
  }

  /* For tests: what is shown, in numbers. */
  debug() {
    const n = this.story.stepAt(this.s);
    return {
      s: this.s, t: this.story.timeOf(this.s), end: this.story.end, step: n, steps: this.run.steps.length, ok: this.run.steps.every((step) => step.ok), caption: this.captionText(), mode: this.mode, playing: this.playing, tab: this.tab, lang: this.words.lang,
      segments: this.run.seg.n, flying: inFlight(this.run, this.story, this.s, 100).map(({ i }) => i), events: eventCount(this.story, this.s), selected: this.selected, marks: (this.map.marks || []).map(({ i, x, y }) => ({ i, x, y })),
      mail: this.stores.after(eventCount(this.story, this.s)).map((store) => ({ host: this.run.names[store.host], box: store.box, ids: [...store.items.keys()] })), frameMs: this.frameMs, rows: this.ladder.items.n, stepS: Array.from(this.story.stepS),
    };
  }
}

/* ---- the beginning ---- */

function begin() {
  const text = (id) => document.getElementById(id).textContent, builtIn = JSON.parse(text('mailsim-strings')), root = document.getElementById('app');
  try {
    globalThis.mailsim = new App(text('mailsim-data'), builtIn, root);
  } catch (error) {
    const words = new Words(builtIn, {});
    words.use(navigator.language || 'en');
    const known = error instanceof PlayError, sentence = known ? words.ui(error.key, error.values) : words.ui('error_data', { text: String(error && error.message) });
    fill(root, el('p', { class: 'error', role: 'alert', text: sentence }));
    if (!known) console.error(error);
  }
}
begin();
