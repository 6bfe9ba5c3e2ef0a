/* main.js: one state, one or two runs. Every view draws the moment `s` of the story; nothing is animated by changing what is drawn,
 * so going back is going forward with another number. The loop rests while nothing changes. */
import { el, fill, set } from './dom.js';
import { Words } from './words.js';
import { decode, PlayError, shapeOf, SHAPES } from './data.js';
import { lowerBound, upperBound } from './time.js';
import { Pair } from './pair.js';
import { inFlight, eventCount } from './state.js';
import { readColours } from './marks.js';
import { Stage } from './stage.js';
import { Controls, SPEEDS } from './controls.js';
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
    const count = Math.min(2, (this.data.runs || []).length) || 1;
    this.stages = Array.from({ length: count }, (_, at) => new Stage(this, decode(this.data, at), at, count > 1 ? 'AB'[at] : ''));
    this.active = this.stages[0]; /* which one keys are about */
    Object.assign(this, { s: 0, playing: false, mode: 'story', speed: 1, pauseAtSteps: false, hidden: new Set(), tab: 'segment' });
    Object.assign(this, { letters: recall('letters') !== 'no', announce: false, filterCount: 0, themeCount: 0, dirty: true, lastFrame: 0 });
    this.align();
    this.theme = THEMES.includes(recall('theme')) ? recall('theme') : 'system';
    this.still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.clockRate = this.naturalRate();
    this.build();
    this.readPlace();
    this.applyTheme();
    this.rename();
    this.listen();
    this.resize();
  }

  /* The first run: what is asked of a page with one. */
  get run() {
    return this.stages[0].run;
  }
  get stores() {
    return this.stages[0].stores;
  }
  get map() {
    return this.active.map;
  }
  get ladder() {
    return this.active.ladder;
  }
  get views() {
    return this.active.views;
  }
  get format() {
    return this.active.format;
  }
  get selected() {
    return this.active.selected;
  }
  select(i, open) {
    this.active.select(i, open);
  }

  /* One story for all runs. */
  align() {
    this.story = this.stages.length > 1 ? new Pair(this.stages.map((stage) => stage.story), this.mode === 'clock') : this.stages[0].story;
    this.end = Math.max(...this.stages.map((stage) => stage.run.end));
    this.steps = Math.max(...this.stages.map((stage) => stage.run.steps.length));
  }

  fromOwn(at, s) {
    return this.stages.length > 1 ? this.story.fromOwn(at, s) : s;
  }

  /* Simulated nanoseconds per real millisecond that show the run in half a minute: a power of ten from 1/1000 to 100. */
  naturalRate() {
    const wanted = (this.end || 1) / 30e9;
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
      this.tabRoots[name] = el('div', { role: 'tabpanel', id: 'view-' + name, 'aria-labelledby': 'tab-' + name, tabindex: '0', hidden: true });
      this.tabList.append(this.tabButtons[name]);
    }
    this.paperRoot = el('div', { class: 'paper' });
    this.stages.forEach((stage, at) => stage.build(at ? null : this.legendBox, this.tabRoots));
    fill(this.root, el('div', { class: 'screen' },
      el('header', {}, this.title, el('div', { class: 'tools' }, this.modeButton, this.panelButtons.filter, this.panelButtons.export, this.language, this.themeButton, this.panelButtons.help)),
      this.note, this.panel,
      el('main', { class: this.stages.length > 1 ? 'two' : '' }, ...this.stages.map((stage) => stage.root), controlsRoot, el('section', { class: 'details', id: 'details' }, this.tabList, ...Object.values(this.tabRoots))),
      this.live), this.paperRoot);
    this.controls = new Controls(this, controlsRoot);
    this.panels = new Panels(this, this.panel);
    this.paper = new Paper(this, this.paperRoot);
  }

  /* Everything that is words, in the language that is spoken now. */
  rename() {
    const w = this.words;
    document.documentElement.lang = w.lang;
    document.documentElement.dir = w.dir;
    document.title = this.stages.map((stage) => stage.title()).join(' – ');
    this.title.textContent = this.stages.length > 1 ? w.ui('two_runs') : document.title;
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
    set(this.controlsRoot, { 'aria-label': w.ui('controls') });
    set(this.legendBox, { 'aria-label': w.ui('legend') });
    this.themeName();
    this.controls.name();
    fill(this.legendBox, ...legend(this));
    const n = this.stages.reduce((sum, { run }) => sum + run.seg.n, 0);
    this.note.hidden = n <= MANY;
    this.note.textContent = w.ui('note_many', { n });
    if (this.panels.open) this.panels.show(this.panels.open);
    for (const stage of this.stages) stage.rename();
    this.touch();
  }

  setLanguage(lang) {
    this.words.use(lang);
    keep('lang', lang);
    this.rename();
  }

  applyTheme() {
    document.documentElement.dataset.theme = this.theme !== 'system' ? this.theme : matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
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
    for (const stage of this.stages) stage.resize();
    this.controls.resize();
    this.touch();
  }

  /* ---- what is shown ---- */

  shapesPresent() {
    if (!this.present) {
      const found = new Set();
      for (const { run } of this.stages) for (let i = 0; i < run.seg.n && found.size < SHAPES.length; i++) found.add(shapeOf(run, i));
      this.present = [...found];
    }
    return this.present;
  }

  filterChanged() {
    this.filterCount++;
    for (const stage of this.stages) stage.filterChanged();
    fill(this.legendBox, ...legend(this));
    this.touch();
  }

  toggleShape(shape) {
    if (!this.hidden.delete(shape)) this.hidden.add(shape);
    this.filterChanged();
    const button = this.legendBox.querySelector(`[data-shape="${shape}"]`);
    if (button) button.focus();
  }

  clearFilter() {
    for (const stage of this.stages) stage.conn = stage.hostFilter = -1;
    this.hidden.clear();
    this.filterChanged();
  }

  /* Only the connection of the selected packet, or all again. */
  follow() {
    const { active } = this;
    active.setConn(active.conn >= 0 || active.selected < 0 ? -1 : active.run.seg.c[active.selected]);
    this.say(active.conn >= 0 ? active.run.conns[active.conn].name : this.words.ui('all_connections'));
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
    else for (const stage of this.stages) stage.select(-1, false);
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
    if (to > this.steps) this.seek(this.story.end);
    else this.seek(this.s > this.story.stepEnd(this.steps) && by < 0 ? this.story.stepEnd(this.steps) : this.story.stepEnd(to));
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

  /* Two runs are aligned otherwise by the clock: the moment of the one in use stays. */
  setMode(mode) {
    const { active } = this, own = this.stages.length > 1 ? this.story.toOwn(active.at, this.s) : this.s;
    this.mode = mode;
    this.align();
    this.s = this.fromOwn(active.at, own);
    this.filterCount++;
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
      this.s = n >= this.steps ? this.story.end : border;
    } else if (this.mode === 'clock') this.s = Math.max(before, this.story.storyLast(this.story.timeOf(before) + ms * this.clockRate * this.speed));
    else this.s = before + ms * this.speed; /* story time of two runs is milliseconds too */
    if (before < border && this.s >= border && n < this.steps) {
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
    this.place();
    for (const stage of this.stages) stage.draw(this.tab);
    this.controls.update();
  }

  /* Each run at its own moment. */
  place() {
    for (const stage of this.stages) stage.s = this.stages.length > 1 ? this.story.toOwn(stage.at, this.s) : this.s;
  }

  captionText() {
    this.place();
    return [...new Set(this.stages.map((stage) => stage.captionText()))].join(' – ');
  }

  /* ---- the address holds the moment ---- */

  readPlace() {
    const get = (name) => this.params.get(name), step = Number(get('step')), t = Number(get('t'));
    if (get('lang') && this.words.lang !== this.words.use(get('lang'))) this.rename();
    if ((get('mode') === 'clock' || get('mode') === 'story') && get('mode') !== this.mode) this.setMode(get('mode'));
    this.openTab(TABS.includes(get('view')) ? get('view') : this.tab, false);
    for (const stage of this.stages) {
      const at = get('seg' + stage.suffix);
      if (at !== null && Number(at) >= 0 && Number(at) < stage.run.seg.n) stage.select(Math.floor(Number(at)), false);
    }
    if (get('step') !== null && Number.isInteger(step) && step >= 0 && step <= this.steps) this.seek(this.story.stepEnd(step));
    else if (get('t') !== null && Number.isFinite(t)) this.seek(this.story.storyLast(t * 1e9));
  }

  writePlace() {
    const n = this.story.stepAt(this.s), parts = ['t=' + this.story.timeOf(this.s) / 1e9];
    if (Math.abs(this.story.stepEnd(n) - this.s) < 0.25) parts.push('step=' + n);
    parts.push('view=' + this.tab);
    if (this.mode === 'clock') parts.push('mode=clock');
    for (const stage of this.stages) if (stage.selected >= 0) parts.push(`seg${stage.suffix}=${stage.selected}`);
    if (this.params.get('lang')) parts.push('lang=' + this.words.lang);
    const hash = '#' + parts.join('&');
    if (hash === location.hash || hash === this.hash) return;
    this.hash = hash;
    try {
      history.replaceState(null, '', hash);
    } catch { /* not permitted here: the page works without it */ }
  }

  /* For tests: what is shown, in numbers; of a page with two runs, in stages, of each. */
  debug() {
    const of = (stage) => {
      const count = eventCount(stage.story, stage.s);
      return {
        s: stage.s, t: stage.story.timeOf(stage.s), step: stage.story.stepAt(stage.s), ok: stage.run.steps.every((step) => step.ok), segments: stage.run.seg.n, flying: inFlight(stage.run, stage.story, stage.s, 100).map(({ i }) => i), events: count,
        selected: stage.selected, marks: (stage.map.marks || []).map(({ i, x, y }) => ({ i, x, y })), rows: stage.ladder.items.n, mail: stage.stores.after(count).map((store) => ({ host: stage.run.names[store.host], box: store.box, ids: [...store.items.keys()] })),
      };
    };
    const { story, s } = this;
    return { ...of(this.active), s, t: story.timeOf(s), end: story.end, step: story.stepAt(s), steps: this.steps, caption: this.captionText(), mode: this.mode, playing: this.playing, tab: this.tab, lang: this.words.lang, frameMs: this.frameMs, stepS: Array.from(story.stepS), stages: this.stages.map(of) };
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
