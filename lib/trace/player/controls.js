/* controls.js: play, steps, speed, and the bar to scrub on: density of packets, ticks of steps, marks of losses. The axis is labelled
 * in simulated time in both modes. */
import { el, svg, fill, fitCanvas, set } from './dom.js';
import { LOST } from './data.js';
import { instant } from './format.js';

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const BUTTON_ICONS = { start: 'M3 2V14M13 2L5 8L13 14Z', back: 'M8 2L1 8L8 14ZM15 2L8 8L15 14Z', play: 'M4 2L13 8L4 14Z', pause: 'M4 2H7V14H4ZM9 2H12V14H9Z', next: 'M1 2L8 8L1 14ZM8 2L15 8L8 14Z', end: 'M3 2L11 8L3 14ZM13 2V14' };

function icon(id) {
  return svg('svg', { viewBox: '0 0 16 16', width: 16, height: 16, class: 'glyph', 'aria-hidden': 'true' }, svg('path', { d: BUTTON_ICONS[id] }));
}

function button(id, onclick) {
  return el('button', { type: 'button', class: 'icon', id, onclick }, icon(id));
}

export class Controls {
  constructor(app, root) {
    this.app = app;
    this.buttons = {
      start: button('start', () => app.seek(0, true)), back: button('back', () => app.goStep(-1)), play: button('play', () => app.toggle()),
      next: button('next', () => app.goStep(1)), end: button('end', () => app.seek(app.story.end, true)),
    };
    this.speed = el('select', { id: 'speed', onchange: () => app.setSpeed(Number(this.speed.value)) }, ...SPEEDS.map((x) => el('option', { value: x, text: x + '×' })));
    this.range = el('input', { type: 'range', id: 'scrub', min: 0, max: 10000, step: 1, oninput: () => this.scrub() });
    this.canvas = el('canvas', { 'aria-hidden': 'true' });
    this.bar = el('div', { class: 'scrub' }, this.canvas, this.range);
    this.clock = el('output', { class: 'clock' });
    this.steps = el('output', { class: 'steps' });
    root.append(el('div', { class: 'buttons' }, ...Object.values(this.buttons), this.speed), this.bar, el('div', { class: 'readout' }, this.clock, this.steps));
    this.drawn = '';
  }

  name() {
    const w = this.app.words;
    for (const [id, node] of Object.entries(this.buttons)) set(node, { 'aria-label': w.ui(id), title: w.ui(id) });
    set(this.speed, { 'aria-label': w.ui('speed'), title: w.ui('speed') });
    set(this.range, { 'aria-label': w.ui('scrub') });
    this.drawn = '';
  }

  /* From 0 to 1, by the mode's own clock. */
  position(s) {
    const { app } = this;
    return app.mode === 'clock' ? app.story.timeOf(s) / (app.end || 1) : s / (app.story.end || 1);
  }

  fromPosition(x) {
    const { app } = this;
    return app.mode === 'clock' ? app.story.storyLast(x * app.end) : x * app.story.end;
  }

  scrub() {
    this.app.seek(this.fromPosition(Number(this.range.value) / 10000), true);
  }

  resize() {
    this.width = Math.max(60, this.bar.clientWidth);
    this.drawn = '';
  }

  drawBar() {
    const { app, width } = this, { story, colours } = app, height = 44, key = [width, app.mode, app.themeCount, app.filterCount].join();
    if (this.drawn === key) return;
    this.drawn = key;
    const ctx = fitCanvas(this.canvas, width, height), inner = width - 16, dense = new Float64Array(Math.ceil(inner) + 1), losses = new Uint8Array(Math.ceil(inner) + 1);
    const x = (s) => 8 + this.position(s) * inner;
    ctx.clearRect(0, 0, width, height);
    for (const stage of app.stages)
      for (let i = 0; i < stage.run.seg.n; i++) {
        if (!stage.shows(i)) continue;
        const at = Math.min(dense.length - 1, Math.max(0, Math.floor(x(app.fromOwn(stage.at, stage.story.s0[i])) - 8)));
        dense[at]++;
        if (stage.run.seg.d[i] === LOST) losses[at] = 1;
      }
    const top = Math.max(1, ...dense);
    for (let at = 0; at < dense.length; at++) {
      if (!dense[at]) continue;
      const h = 3 + 13 * Math.sqrt(dense[at] / top);
      ctx.fillStyle = losses[at] ? colours.rst : colours.ack;
      ctx.fillRect(8 + at, 20 - h, 1.5, h);
    }
    ctx.fillStyle = colours.line;
    ctx.fillRect(8, 20, inner, 3);
    ctx.fillStyle = colours.accent;
    for (const s of story.stepS) ctx.fillRect(x(s) - 0.75, 23, 1.5, 6);
    ctx.strokeStyle = colours.muted;
    if (app.mode === 'story' && story.breaks.length < width / 12)
      for (const s of story.breaks) {
        ctx.beginPath();
        ctx.moveTo(x(s) - 3, 25);
        ctx.lineTo(x(s), 18);
        ctx.moveTo(x(s), 25);
        ctx.lineTo(x(s) + 3, 18);
        ctx.stroke();
      }
    this.drawAxis(ctx, inner);
  }

  drawAxis(ctx, inner) {
    const { app } = this;
    ctx.font = '10px system-ui, sans-serif';
    ctx.fillStyle = app.colours.muted;
    if (app.stages.length > 1 && app.mode === 'story') { /* two times at one place: the axis counts steps */
      let free = 0;
      app.story.stepS.forEach((s, k) => {
        const at = 8 + this.position(s) * inner;
        if (at < free) return;
        free = at + 22;
        ctx.textAlign = 'center';
        ctx.fillText(String(k + 1), at, 41);
      });
      return;
    }
    const count = Math.max(1, Math.min(8, Math.floor(inner / 110)));
    for (let k = 0; k <= count; k++) {
      ctx.textAlign = k === 0 ? 'left' : k === count ? 'right' : 'center';
      ctx.fillText(instant(app.story.timeOf(this.fromPosition(k / count)), app.end), 8 + (k / count) * inner, 41);
    }
  }

  update() {
    const { app } = this, w = app.words, step = app.story.stepAt(app.s), total = app.steps;
    this.drawBar();
    const value = Math.round(this.position(app.s) * 10000);
    if (Number(this.range.value) !== value) this.range.value = value;
    const time = app.stages.map((stage) => (stage.letter && stage.letter + ' ') + instant(stage.story.timeOf(stage.s), app.end)).join(' · ');
    const clock = time + ' / ' + instant(app.end, app.end);
    if (this.clock.textContent !== clock) this.clock.textContent = clock;
    const text = total ? w.ui('step_of', { n: step, total }) : '';
    if (this.steps.textContent !== text) this.steps.textContent = text;
    this.range.setAttribute('aria-valuetext', time + (text ? ', ' + text : ''));
    const id = app.playing ? 'pause' : 'play', node = this.buttons.play;
    if (node.dataset.state !== id || node.dataset.lang !== w.lang) {
      node.dataset.state = id;
      node.dataset.lang = w.lang;
      fill(node, icon(id));
      set(node, { 'aria-label': w.ui(id), title: w.ui(id) });
    }
    if (Number(this.speed.value) !== app.speed) this.speed.value = app.speed;
  }
}
