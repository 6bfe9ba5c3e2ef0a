/* plot.js: one direction of one connection over time: segments as spans with the line of ACKs and the window, below it the congestion
 * window, below that round trips. Points are decimated to one span per pixel column and kept until the zoom changes. */
import { el, fill, fitCanvas } from './dom.js';
import { rowsOf, span, acknowledgedBy } from './data.js';
import { lowerBound, upperBound } from './time.js';
import { duration } from './format.js';

const PLOT_LEFT = 64, PLOT_RIGHT = 10, GAP = 22, FEW = 12;

export class PlotView {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.choices = [];
    app.run.conns.forEach((conn) => {
      if (conn.kind === 0) for (const up of [1, 0]) this.choices.push({ conn: conn.id, up });
    });
    this.choice = 0;
    this.zoom = null;
    this.drawn = '';
  }

  build() {
    const { app } = this;
    this.select = el('select', { id: 'plot-conn' + app.suffix, onchange: () => { this.choice = this.select.selectedIndex; this.zoom = null; app.touch(); } });
    this.zoomIn = el('button', { type: 'button', class: 'icon', text: '+', onclick: () => this.zoomBy(0.5) });
    this.zoomOut = el('button', { type: 'button', class: 'icon', text: '−', onclick: () => this.zoomBy(2) });
    this.canvas = el('canvas', { 'aria-hidden': 'true' });
    this.cursor = el('canvas', { role: 'img', class: 'over' });
    this.info = el('p', { class: 'hint' });
    this.area = el('div', { class: 'plot-area' }, this.canvas, this.cursor);
    fill(this.root, el('div', { class: 'plot-tools' }, this.select, this.zoomIn, this.zoomOut), this.area, this.info);
    this.cursor.addEventListener('click', (event) => {
      const x = event.clientX - this.cursor.getBoundingClientRect().left;
      app.seek(app.story.storyLast(this.timeAt(x)), true);
    });
    this.cursor.addEventListener('pointermove', (event) => this.tell(event.clientX - this.cursor.getBoundingClientRect().left));
  }

  /* The selected packet's connection is what one wants to see. */
  follow(i) {
    const { seg } = this.app.run, at = this.choices.findIndex((choice) => choice.conn === seg.c[i] && choice.up === seg.up[i]);
    if (at >= 0 && this.choices[this.choice].conn !== seg.c[i]) {
      this.choice = at;
      this.zoom = null;
    }
  }

  range() {
    if (this.zoom) return this.zoom;
    const { run } = this.app, rows = rowsOf(run, this.choices[this.choice].conn);
    if (!rows.length) return [0, run.end || 1];
    const from = run.seg.t[rows[0]], to = Math.max(...[rows[rows.length - 1], rows[Math.max(0, rows.length - 2)]].map((i) => run.seg.end[i]));
    const pad = (to - from) * 0.02 || 1;
    return [Math.max(0, from - pad), to + pad];
  }

  zoomBy(factor) {
    const [from, to] = this.range(), now = Math.min(to, Math.max(from, this.app.story.timeOf(this.app.s))), length = (to - from) * factor;
    const full = (() => { const kept = this.zoom; this.zoom = null; const all = this.range(); this.zoom = kept; return all; })();
    const begin = Math.max(full[0], now - (now - from) * factor);
    this.zoom = length >= full[1] - full[0] ? null : [begin, Math.min(full[1], begin + length)];
    this.app.touch();
  }

  timeAt(x) {
    const [from, to] = this.range();
    return from + ((x - PLOT_LEFT) / (this.width - PLOT_LEFT - PLOT_RIGHT)) * (to - from);
  }

  update() {
    const { app } = this, w = app.words;
    if (!this.choices.length) {
      fill(this.root, el('p', { class: 'hint', text: w.ui('no_tcp') }));
      return;
    }
    if (!this.select) this.build();
    const width = Math.max(240, this.root.clientWidth - 2), key = [width, this.choice, w.lang, app.themeCount, this.zoom].join();
    this.width = width;
    if (this.drawn !== key) {
      this.drawn = key;
      this.name();
      this.draw();
    }
    this.drawCursor();
  }

  name() {
    const { app } = this, w = app.words;
    fill(this.select, ...this.choices.slice(0, 2000).map(({ conn, up }) => {
      const c = app.run.conns[conn], a = app.format.host(up ? c.client : c.server), b = app.format.host(up ? c.server : c.client);
      return el('option', { text: `${a} → ${b} :${c.sport}#${c.number}` });
    }));
    this.select.selectedIndex = this.choice;
    this.select.setAttribute('aria-label', w.ui('connection'));
    for (const [node, word] of [[this.zoomIn, 'zoom_in'], [this.zoomOut, 'zoom_out']]) {
      node.setAttribute('aria-label', w.ui(word));
      node.title = w.ui(word);
    }
  }

  panels() {
    const { app } = this, { conn, up } = this.choices[this.choice], windows = app.run.windows, rows = [];
    for (let i = 0; i < windows.n; i++) if (windows.c[i] === conn && windows.up[i] === up) rows.push(i);
    return { rows, heights: rows.length ? [190, 110, 90] : [190, 0, 90] };
  }

  draw() {
    const { app } = this, { conn, up } = this.choices[this.choice], { run } = app, { rows, heights } = this.panels();
    this.height = heights.reduce((a, b) => a + b + (b ? GAP : 0), 16);
    const ctx = fitCanvas(this.canvas, this.width, this.height);
    ctx.clearRect(0, 0, this.width, this.height);
    ctx.font = '11px system-ui, sans-serif';
    const all = rowsOf(run, conn), mine = all.filter((i) => run.seg.up[i] === up), other = all.filter((i) => run.seg.up[i] !== up);
    let top = 16;
    this.drawSequence(ctx, top, heights[0], mine, other);
    top += heights[0] + GAP;
    if (heights[1]) {
      this.drawWindows(ctx, top, heights[1], rows);
      top += heights[1] + GAP;
    }
    this.drawTrips(ctx, top, heights[2], rows, mine);
    this.drawAxis(ctx);
    this.cursor.setAttribute('aria-label', app.words.ui('plot_label', { n: mine.length }));
    this.info.textContent = app.words.ui('plot_hint');
  }

  x(t) {
    const [from, to] = this.range();
    return PLOT_LEFT + ((t - from) / (to - from || 1)) * (this.width - PLOT_LEFT - PLOT_RIGHT);
  }

  frame(ctx, top, height, title, max, unit, min = 0) {
    const { colours } = this.app;
    ctx.strokeStyle = colours.line;
    ctx.lineWidth = 1;
    ctx.strokeRect(PLOT_LEFT, top, this.width - PLOT_LEFT - PLOT_RIGHT, height);
    ctx.fillStyle = colours.muted;
    ctx.textAlign = 'right';
    for (let k = 0; k <= 2; k++) ctx.fillText(unit(min + ((max - min) * k) / 2), PLOT_LEFT - 4, top + height - (height * k) / 2 + (k === 2 ? 9 : k === 0 ? 0 : 4));
    ctx.textAlign = 'left';
    ctx.fillStyle = colours.fg;
    ctx.fillText(title, PLOT_LEFT + 2, top - 4);
  }

  clipTo(ctx, top, height, paint) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(PLOT_LEFT, top, this.width - PLOT_LEFT - PLOT_RIGHT, height);
    ctx.clip();
    paint();
    ctx.restore();
  }

  /* Packets of the part that is shown: scales fit them. */
  within(rows) {
    const [from, to] = this.range(), { seg } = this.app.run;
    return this.zoom ? rows.filter((i) => seg.end[i] >= from && seg.t[i] <= to) : rows;
  }

  /* Spans that fall into one column of pixels become one. */
  drawSequence(ctx, top, height, mine, other) {
    const { app } = this, { run, colours } = app, { seg } = run;
    let max = 1, min = this.zoom ? Infinity : 0;
    for (const i of this.within(mine)) {
      max = Math.max(max, seg.seq[i] + span(run, i));
      min = Math.min(min, seg.seq[i]);
    }
    for (const i of this.within(other)) if (seg.f[i] & 16) max = Math.max(max, seg.ack[i]);
    if (min >= max) min = 0;
    const y = (n) => top + height - ((n - min) / ((max - min) * 1.12)) * height;
    this.frame(ctx, top, height, app.words.ui('plot_sequence'), max, (n) => compact(n), min);
    this.clipTo(ctx, top, height, () => {
      this.steps(ctx, other.filter((i) => seg.d[i] >= 0 && seg.f[i] & 16 && !(seg.f[i] & 4)), (i) => seg.end[i], (i) => y(seg.ack[i] + seg.win[i]), colours.rwnd, [4, 3]);
      this.steps(ctx, other.filter((i) => seg.d[i] >= 0 && seg.f[i] & 16 && !(seg.f[i] & 4)), (i) => seg.end[i], (i) => y(seg.ack[i]), colours.ack, []);
      let column = -1, low = 0, high = 0;
      const flush = () => {
        if (column >= 0) ctx.fillRect(column, y(high), 1.6, Math.max(2, y(low) - y(high)));
      };
      ctx.fillStyle = colours.psh;
      for (const i of mine) {
        if (span(run, i) === 0 || run.rtx[i] >= 0) continue;
        const at = Math.round(this.x(seg.t[i])), end = seg.seq[i] + span(run, i);
        if (at === column) {
          low = Math.min(low, seg.seq[i]);
          high = Math.max(high, end);
        } else {
          flush();
          [column, low, high] = [at, seg.seq[i], end];
        }
      }
      flush();
      this.marks(ctx, mine, other, y);
    });
  }

  marks(ctx, mine, other, y) {
    const { app } = this, { run, colours } = app, { seg } = run, few = mine.length <= FEW;
    ctx.textAlign = 'center';
    ctx.font = 'bold 11px system-ui, sans-serif';
    let last = -9;
    for (const i of mine) {
      const letter = seg.f[i] & 4 ? '×' : seg.f[i] & 2 ? 'S' : seg.f[i] & 1 ? 'F' : run.rtx[i] >= 0 ? 'R' : '', x = this.x(seg.t[i]);
      if (letter && x - last >= 7) {
        ctx.fillStyle = letter === 'R' || letter === '×' ? colours.rst : letter === 'S' ? colours.syn : colours.fin;
        ctx.fillText(letter, x, y(seg.seq[i] + span(run, i)) - 4);
        last = x;
      } else if (few && span(run, i) > 0) {
        ctx.fillStyle = colours.psh;
        ctx.fillText('◆ ' + seg.len[i], x + 14, y(seg.seq[i] + span(run, i)) - 4);
      }
    }
    ctx.fillStyle = colours.udp;
    for (const i of other) for (const [a, b] of (seg.o[i] && seg.o[i].sack) || []) ctx.fillRect(this.x(seg.end[i]), y(b), 2, Math.max(2, y(a) - y(b)));
    ctx.font = '11px system-ui, sans-serif';
  }

  /* A line of steps: the value holds until the next one. */
  steps(ctx, list, time, value, colour, dash) {
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.4;
    ctx.setLineDash(dash);
    ctx.beginPath();
    let before = null, column = -1;
    for (const i of list) {
      const x = this.x(time(i)), y = value(i);
      if (before === null) ctx.moveTo(x, y);
      else if (Math.round(x * 2) !== column || Math.abs(y - before) > 1) {
        ctx.lineTo(x, before);
        ctx.lineTo(x, y);
      }
      before = y;
      column = Math.round(x * 2);
    }
    if (before !== null) ctx.lineTo(this.width, before);
    ctx.stroke();
    ctx.setLineDash([]);
  }

  drawWindows(ctx, top, height, rows) {
    const { app } = this, w = app.run.windows, { colours } = app, finite = (v) => (v < 2 ** 30 ? v : 0);
    let max = 1;
    for (const i of this.zoom ? rows.filter((k) => w.t[k] >= this.zoom[0] && w.t[k] <= this.zoom[1]) : rows) max = Math.max(max, w.cwnd[i], w.flight[i]);
    const y = (v) => top + height - (Math.min(v, max * 1.2) / (max * 1.05)) * height;
    this.frame(ctx, top, height, app.words.ui('plot_windows'), max, (n) => compact(n));
    this.clipTo(ctx, top, height, () => {
      this.steps(ctx, rows.filter((i) => finite(w.ssthresh[i])), (i) => w.t[i], (i) => y(w.ssthresh[i]), colours.fin, [5, 3]);
      this.steps(ctx, rows, (i) => w.t[i], (i) => y(w.flight[i]), colours.ack, []);
      this.steps(ctx, rows, (i) => w.t[i], (i) => y(w.cwnd[i]), colours.psh, []);
    });
    this.legend(ctx, top, [['cwnd', colours.psh], ['ssthresh', colours.fin], [app.words.ui('flight'), colours.ack]]);
  }

  legend(ctx, top, entries) {
    let x = this.width - PLOT_RIGHT;
    ctx.textAlign = 'right';
    for (const [text, colour] of [...entries].reverse()) {
      ctx.fillStyle = colour;
      ctx.fillText('━ ' + text, x, top - 4);
      x -= ctx.measureText('━ ' + text).width + 10;
    }
  }

  samples(mine) {
    const { run } = this.app, out = [], step = Math.max(1, Math.floor(mine.length / 1500));
    for (let k = 0; k < mine.length; k += step) {
      const i = mine[k], by = run.rtx[i] < 0 && mine.length <= 3000 ? acknowledgedBy(run, i) : -1;
      if (by >= 0) out.push([run.seg.end[by], run.seg.end[by] - run.seg.t[i]]);
    }
    return out;
  }

  drawTrips(ctx, top, height, rows, mine) {
    const { app } = this, w = app.run.windows, { colours } = app, samples = this.samples(mine);
    let max = 1;
    for (const [, rtt] of samples) max = Math.max(max, rtt);
    for (const i of rows) max = Math.max(max, w.srtt[i], Math.min(w.rto[i], 4 * (w.srtt[i] || w.rto[i])));
    const y = (v) => top + height - (Math.min(v, max * 1.04) / (max * 1.05)) * height;
    this.frame(ctx, top, height, app.words.ui('plot_rtt'), max, (n) => duration(Math.round(n)));
    this.clipTo(ctx, top, height, () => {
      this.steps(ctx, rows.filter((i) => w.rto[i] > 0), (i) => w.t[i], (i) => y(w.rto[i]), colours.rto, [5, 3]);
      this.steps(ctx, rows.filter((i) => w.srtt[i] > 0), (i) => w.t[i], (i) => y(w.srtt[i]), colours.psh, []);
      ctx.fillStyle = colours.udp;
      for (const [t, rtt] of samples) ctx.fillRect(this.x(t) - 1.5, y(rtt) - 1.5, 3, 3);
    });
    this.legend(ctx, top, [['RTT', colours.udp], ['SRTT', colours.psh], ['RTO', colours.rto]]);
  }

  drawAxis(ctx) {
    const [from, to] = this.range(), room = 1.6 * ctx.measureText(this.app.format.time(to)).width, count = Math.max(1, Math.min(8, Math.floor((this.width - PLOT_LEFT - PLOT_RIGHT) / room)));
    ctx.fillStyle = this.app.colours.muted;
    for (let k = 0; k <= count; k++) {
      ctx.textAlign = k === 0 ? 'left' : k === count ? 'right' : 'center';
      ctx.fillText(this.app.format.time(from + ((to - from) * k) / count), PLOT_LEFT + ((this.width - PLOT_LEFT - PLOT_RIGHT) * k) / count, this.height - 4);
    }
  }

  drawCursor() {
    const ctx = fitCanvas(this.cursor, this.width, this.height), x = this.x(this.app.story.timeOf(this.app.s));
    ctx.clearRect(0, 0, this.width, this.height);
    if (x < PLOT_LEFT || x > this.width - PLOT_RIGHT) return;
    ctx.fillStyle = this.app.colours.accent;
    ctx.fillRect(x - 0.75, 10, 1.5, this.height - 28);
  }

  /* What is at this place, in words. */
  tell(x) {
    const { app } = this, { conn, up } = this.choices[this.choice], t = this.timeAt(x), rows = rowsOf(app.run, conn).filter((i) => app.run.seg.up[i] === up);
    if (!rows.length) return;
    const times = rows.map((i) => app.run.seg.t[i]), k = Math.min(rows.length - 1, lowerBound(times, t)), i = k > 0 && t - times[k - 1] < times[k] - t ? rows[k - 1] : rows[k];
    const w = app.run.windows, { rows: samples } = this.panels(), at = upperBound(samples.map((n) => w.t[n]), t) - 1;
    this.info.textContent = `${app.format.name(i)} ${app.format.label(i)} ${app.format.time(app.run.seg.t[i])}` + (at >= 0 ? `  cwnd ${w.cwnd[samples[at]]}, ${app.words.ui('flight')} ${w.flight[samples[at]]}, srtt ${duration(w.srtt[samples[at]])}, rto ${duration(w.rto[samples[at]])}` : '');
  }
}

function compact(n) {
  if (n >= 1e6) return Number((n / 1e6).toFixed(1)) + ' MB';
  return n >= 1e4 ? Math.round(n / 1e3) + ' kB' : String(Math.round(n));
}
