/* ladder.js: in what order, and how long: a lifeline per host, an arrow per packet. Rows have one height, and only those in view are
 * drawn, so that a hundred thousand of them cost what thirty do. What no step is about is folded. */
import { el, fill, fitCanvas, clip } from './dom.js';
import { upperBound } from './time.js';
import { shapeOf, LOST, OPEN } from './data.js';
import { drawMark, COLOUR_OF } from './marks.js';
import { duration } from './format.js';

export const ROW = 30, LEFT = 48, RIGHT = 70, GAP_MIN = 96, LANES_MAX = 40, FOLD_MIN = 3;
const KIND_ROW = 0, KIND_FOLD = 1, KIND_EVENT = 2;

/* Rows, folds and events in order: {kind, ref, count, s, n}. opened: first rows of folds that are open. */
export function ladderItems(app, opened) {
  const { run, story } = app, kind = [], ref = [], count = [], s = [];
  const rowStep = new Map(), eventStep = new Map();
  run.steps.forEach((step, i) => {
    if (!step.ok) return;
    if (step.app !== undefined) eventStep.set(step.app, i + 1);
    else rowStep.set(step.seg, i + 1);
  });
  const events = [...eventStep.keys()].sort((a, b) => a - b);
  let next = 0, held = [];
  const put = (k, r, c, at) => {
    kind.push(k);
    ref.push(r);
    count.push(c);
    s.push(Math.max(at, s.length ? s[s.length - 1] : 0));
  };
  const flush = () => {
    if (held.length >= FOLD_MIN && run.hasScene && !opened.has(held[0])) put(KIND_FOLD, held[0], held.length, story.s0[held[0]]);
    else for (const i of held) put(KIND_ROW, i, 1, story.s0[i]);
    held = [];
  };
  for (let i = 0; i <= run.seg.n; i++) {
    const at = i < run.seg.n ? story.s0[i] : Infinity;
    for (; next < events.length && run.app[events[next]].i <= i; next++) {
      flush();
      put(KIND_EVENT, events[next], 1, story.appS[events[next]]);
    }
    if (i === run.seg.n || !app.shows(i)) continue;
    if (rowStep.has(i)) {
      flush();
      put(KIND_ROW, i, 1, at);
    } else held.push(i);
  }
  flush();
  return { n: kind.length, kind, ref, count, s: Float64Array.from(s), rowStep, eventStep };
}

/* The hosts that have something to show, in the order of their appearance. */
export function ladderLanes(app, items) {
  const { run } = app, lanes = new Map(), add = (host) => {
    if (host >= 0 && !lanes.has(host) && lanes.size < LANES_MAX) lanes.set(host, lanes.size);
  };
  for (let k = 0; k < items.n && lanes.size < LANES_MAX; k++) {
    if (items.kind[k] === KIND_EVENT) add(run.app[items.ref[k]].h);
    else
      for (let i = items.ref[k], left = items.count[k]; left > 0 && i < run.seg.n; i++) {
        if (!app.shows(i)) continue;
        left--;
        const conn = run.conns[run.seg.c[i]];
        add(conn.client);
        add(conn.server);
      }
  }
  return lanes;
}

export class LadderView {
  constructor(app, root) {
    this.app = app;
    this.opened = new Set();
    this.heads = el('div', { class: 'lane-heads', 'aria-hidden': 'true' });
    this.canvas = el('canvas', { role: 'img' });
    this.space = el('div', { class: 'ladder-space' });
    this.scroller = el('div', { class: 'ladder-scroll', tabindex: '0', role: 'group' }, this.heads, this.canvas, this.space);
    root.append(this.scroller);
    this.scroller.addEventListener('scroll', () => this.draw());
    this.canvas.addEventListener('click', (event) => this.click(event));
    this.scroller.addEventListener('keydown', (event) => this.key(event));
    this.scroller.addEventListener('focus', () => this.draw());
    this.scroller.addEventListener('blur', () => this.draw());
    this.lastCursor = -1;
  }

  rebuild() {
    this.items = ladderItems(this.app, this.opened);
    this.lanes = ladderLanes(this.app, this.items);
    this.resize();
  }

  resize() {
    if (!this.items) return;
    const width = this.scroller.clientWidth, count = Math.max(2, this.lanes.size);
    this.viewWidth = width;
    this.viewHeight = Math.max(40, this.scroller.clientHeight - this.heads.offsetHeight);
    this.gap = Math.max(GAP_MIN, (width - LEFT - RIGHT - 40) / (count - 1 || 1));
    this.gap = Math.min(this.gap, 420);
    this.contentWidth = Math.max(width, LEFT + RIGHT + 40 + (count - 1) * this.gap);
    this.space.style.width = this.contentWidth + 'px';
    this.space.style.height = Math.max(0, this.items.n * ROW - this.viewHeight + 12) + 'px';
    this.heads.style.width = this.contentWidth + 'px';
    fill(this.heads, ...[...this.lanes].map(([host, lane]) => {
      const head = el('span', { class: 'lane-head', text: this.app.format.host(host) });
      head.style.left = this.laneX(lane) - this.gap / 2 + 3 + 'px';
      head.style.width = this.gap - 6 + 'px';
      return head;
    }));
    this.lastCursor = -1;
    this.draw();
  }

  laneX(lane) {
    const slack = Math.max(0, (this.contentWidth - LEFT - RIGHT - (Math.max(2, this.lanes.size) - 1) * this.gap) / 2);
    return LEFT + slack + lane * this.gap;
  }

  /* How far the story is, in rows. */
  cursor() {
    const { items, app } = this, k = upperBound(items.s, app.s) - 1;
    if (k < 0) return 0;
    if (items.kind[k] === KIND_EVENT) return k + 1;
    const begin = items.s[k], i = items.ref[k];
    const end = items.kind[k] === KIND_ROW ? app.story.s1[i] : k + 1 < items.n ? items.s[k + 1] : app.story.end;
    return k + Math.min(1, end > begin ? (app.s - begin) / (end - begin) : 1);
  }

  update() {
    if (!this.items) return;
    const cursor = this.cursor(), y = cursor * ROW, top = this.scroller.scrollTop;
    if (cursor !== this.lastCursor && (y < top + ROW || y > top + this.viewHeight - 2 * ROW))
      this.scroller.scrollTop = Math.max(0, y - this.viewHeight * 0.6);
    if (cursor !== this.lastCursor) this.showLanes(Math.ceil(cursor) - 1);
    this.lastCursor = cursor;
    this.draw();
  }

  /* Where lanes are wider than the view: to those of this row. */
  showLanes(k) {
    const { items, app } = this, left = this.scroller.scrollLeft;
    if (this.contentWidth <= this.viewWidth + 1 || k < 0 || k >= items.n) return;
    const hosts = items.kind[k] === KIND_EVENT ? [app.run.app[items.ref[k]].h] : [app.run.seg.a[items.ref[k]], app.run.seg.b[items.ref[k]]];
    const xs = hosts.filter((host) => this.lanes.has(host)).map((host) => this.laneX(this.lanes.get(host)));
    if (!xs.length || (Math.min(...xs) > left + LEFT && Math.max(...xs) < left + this.viewWidth - RIGHT)) return;
    this.scroller.scrollLeft = Math.max(0, Math.min(Math.min(...xs) - LEFT - 20, Math.max(...xs) + RIGHT + 40 - this.viewWidth + (Math.max(...xs) - Math.min(...xs) > this.viewWidth - LEFT - RIGHT ? 1e9 : 0)));
  }

  draw() {
    const { items, app } = this;
    if (!items || !this.viewWidth) return;
    const ctx = fitCanvas(this.canvas, this.viewWidth, this.viewHeight), { colours } = app, top = this.scroller.scrollTop;
    ctx.clearRect(0, 0, this.viewWidth, this.viewHeight);
    ctx.save();
    ctx.translate(-this.scroller.scrollLeft, -top);
    ctx.font = '12px system-ui, sans-serif';
    const first = Math.max(0, Math.floor(top / ROW) - 2), last = Math.min(items.n, Math.ceil((top + this.viewHeight) / ROW) + 2);
    ctx.strokeStyle = colours.lane;
    ctx.lineWidth = 1;
    for (const [, lane] of this.lanes) line(ctx, this.laneX(lane), first * ROW, this.laneX(lane), Math.max(last * ROW, top + this.viewHeight));
    for (let k = first; k < last; k++) this.drawItem(ctx, k);
    this.drawMargins(ctx, first, last);
    const y = this.cursor() * ROW;
    ctx.strokeStyle = colours.accent;
    ctx.lineWidth = 1.5;
    line(ctx, 0, y, this.contentWidth, y);
    ctx.restore();
    this.canvas.setAttribute('aria-label', app.words.ui('ladder_label', { n: items.n }));
  }

  stepOf(k) {
    const { items } = this;
    if (items.kind[k] === KIND_EVENT) return items.eventStep.get(items.ref[k]);
    return items.kind[k] === KIND_ROW ? items.rowStep.get(items.ref[k]) : undefined;
  }

  drawItem(ctx, k) {
    const { items, app } = this, { colours } = app, y = k * ROW, future = items.s[k] >= app.s && !(items.kind[k] === KIND_EVENT && items.s[k] <= app.s);
    const isRow = items.kind[k] === KIND_ROW, selected = isRow && items.ref[k] === app.selected;
    if (selected) {
      ctx.fillStyle = colours.future;
      ctx.fillRect(0, y, this.contentWidth, ROW);
      if (document.activeElement === this.scroller) {
        ctx.strokeStyle = colours.accent;
        ctx.lineWidth = 2;
        ctx.strokeRect(1, y + 1, this.viewWidth - 2, ROW - 2);
      }
    }
    ctx.globalAlpha = future ? 0.45 : 1;
    if (isRow) this.drawArrow(ctx, items.ref[k], y, future ? 1 : this.progress(items.ref[k]));
    else if (items.kind[k] === KIND_EVENT) this.drawEvent(ctx, app.run.app[items.ref[k]], y);
    else this.drawFold(ctx, items.count[k], y);
    ctx.globalAlpha = 1;
  }

  progress(i) {
    const { story, s, still } = this.app, length = story.s1[i] - story.s0[i];
    return still || length <= 0 ? 1 : Math.min(1, (s - story.s0[i]) / length);
  }

  timeOfItem(k) {
    const { items, app } = this;
    return items.kind[k] === KIND_EVENT ? app.run.app[items.ref[k]].t : app.run.seg.t[items.ref[k]];
  }

  /* Steps on the left and times on the right stay in view when lanes are scrolled. */
  drawMargins(ctx, first, last) {
    const { colours } = this.app, left = this.scroller.scrollLeft, right = left + this.viewWidth, wide = this.contentWidth > this.viewWidth + 1;
    if (wide) {
      ctx.fillStyle = colours.bg;
      ctx.fillRect(left, first * ROW, 34, (last - first) * ROW);
      ctx.fillRect(right - RIGHT + 4, first * ROW, RIGHT, (last - first) * ROW);
    }
    for (let k = first; k < last; k++) {
      const step = this.stepOf(k), t = this.timeOfItem(k), y = k * ROW + 20, passed = k === 0 ? 0 : t - this.timeOfItem(k - 1);
      ctx.fillStyle = colours.muted;
      ctx.textAlign = 'right';
      ctx.font = '11px system-ui, sans-serif';
      ctx.fillText(k === 0 ? this.app.format.time(t) : passed > 0 ? '+' + duration(passed) : '', right - 6, y);
      if (!step) continue;
      ctx.fillStyle = colours.accent;
      ctx.font = 'bold 12px system-ui, sans-serif';
      ctx.textAlign = 'center';
      ctx.fillText(String(step), left + 18, y);
    }
  }

  lane(host) {
    const lane = this.lanes.get(host);
    return lane === undefined ? null : this.laneX(lane);
  }

  drawArrow(ctx, i, y, p) {
    const { app } = this, { run, colours } = app, { seg } = run, shape = shapeOf(run, i), colour = colours[COLOUR_OF[shape]];
    const x0 = this.lane(seg.a[i]) ?? this.contentWidth - RIGHT, goal = seg.b[i] < 0 ? x0 + 50 : this.lane(seg.b[i]) ?? this.contentWidth - RIGHT;
    const x1 = goal === x0 ? x0 + 40 : goal, lost = seg.d[i] === LOST, open = seg.d[i] === OPEN;
    const reach = (lost || open ? 0.75 : 1) * p, slope = app.mode === 'clock' ? Math.min(9, 2 + 7 * ((seg.end[i] - seg.t[i]) / (app.longestFlight || 1))) : 5;
    const xe = x0 + (x1 - x0) * reach, ye = y + 18 + slope * reach, dir = x1 > x0 ? 1 : -1;
    if (seg.b[i] >= 0) this.drawWords(ctx, app.format.label(i) + (lost || open ? '  ' + app.format.fate(i) : ''), (x0 + x1) / 2, Math.abs(x1 - x0) - 30, y + 11, i === app.selected ? colours.future : colours.bg);
    ctx.strokeStyle = colour;
    ctx.fillStyle = colour;
    ctx.lineWidth = seg.len[i] > 0 ? 2.4 : 1.4;
    ctx.setLineDash(run.rtx[i] >= 0 ? [5, 3] : []);
    line(ctx, x0 + dir * 9, y + 18 + (slope * 9) / Math.max(20, Math.abs(x1 - x0)), xe, ye);
    ctx.setLineDash([]);
    if (lost && p >= 1) drawMark(ctx, 'rst', xe, ye, colours, { size: 0.8 });
    else {
      ctx.beginPath();
      ctx.moveTo(xe, ye);
      ctx.lineTo(xe - dir * 8, ye - 4);
      ctx.lineTo(xe - dir * 8, ye + 4);
      ctx.fill();
    }
    drawMark(ctx, shape, x0, y + 18, colours, { size: 0.72, dashed: run.rtx[i] >= 0 });
    if (seg.b[i] < 0) { /* to all: its words stand behind it */
      ctx.textAlign = 'left';
      ctx.fillStyle = colours.fg;
      ctx.fillText(clip(ctx, '* ' + app.format.label(i), this.contentWidth - RIGHT - x1 - 6), x1 + 6, y + 22);
    }
  }

  /* One row has one arrow, so its words may stand beside it where lanes are narrow; never outside of the view. */
  drawWords(ctx, words, middle, span, y, paper) {
    const left = this.scroller.scrollLeft + LEFT, right = this.scroller.scrollLeft + this.viewWidth - RIGHT;
    const text = clip(ctx, words, Math.min(right - left, Math.max(span, 320))), width = ctx.measureText(text).width;
    const x = Math.max(left + width / 2, Math.min(right - width / 2, middle));
    if (width > span || x !== middle) {
      ctx.fillStyle = paper;
      ctx.fillRect(x - width / 2 - 2, y - 10, width + 4, 12);
    }
    ctx.textAlign = 'center';
    ctx.fillStyle = this.app.colours.fg;
    ctx.fillText(text, x, y);
  }

  drawEvent(ctx, event, y) {
    const { colours, format } = this.app, x = this.lane(event.h) ?? LEFT;
    ctx.fillStyle = colours.accent;
    ctx.beginPath();
    ctx.arc(x, y + 16, 4.5, 0, 7);
    ctx.fill();
    ctx.fillStyle = colours.fg;
    const right = x < this.contentWidth / 2, room = right ? this.contentWidth - RIGHT - x - 14 : x - LEFT - 14;
    ctx.textAlign = right ? 'left' : 'right';
    const text = clip(ctx, format.event(event), Math.max(60, room)), width = ctx.measureText(text).width;
    ctx.fillStyle = colours.bg;
    ctx.fillRect(right ? x + 8 : x - 12 - width, y + 7, width + 4, 17);
    ctx.fillStyle = colours.fg;
    ctx.fillText(text, x + (right ? 10 : -10), y + 20);
  }

  drawFold(ctx, count, y) {
    const { colours, words } = this.app, text = words.ui('more', { n: count }), middle = this.scroller.scrollLeft + (LEFT + this.viewWidth - RIGHT) / 2;
    ctx.textAlign = 'center';
    const width = ctx.measureText('⋮  ' + text + '  ▸').width;
    ctx.fillStyle = colours.bg;
    ctx.fillRect(middle - width / 2 - 4, y + 4, width + 8, 20);
    ctx.fillStyle = colours.muted;
    ctx.fillText('⋮  ' + text + '  ▸', middle, y + 19);
  }

  open(k) {
    const { items } = this;
    this.opened.add(items.ref[k]);
    this.rebuild();
  }

  click(event) {
    const box = this.canvas.getBoundingClientRect(), k = Math.floor((event.clientY - box.top + this.scroller.scrollTop) / ROW);
    this.scroller.focus({ preventScroll: true });
    this.choose(k);
  }

  choose(k) {
    const { items, app } = this;
    if (k < 0 || k >= items.n) return;
    if (items.kind[k] === KIND_FOLD) this.open(k);
    else if (items.kind[k] === KIND_EVENT) app.seek(app.story.stepEnd(items.eventStep.get(items.ref[k])));
    else {
      app.select(items.ref[k], false);
      app.seek(app.story.s1[items.ref[k]]);
    }
  }

  /* Up and Down go from row to row; Enter opens. */
  key(event) {
    const { items, app } = this;
    if (event.key === 'Enter' && app.selected >= 0) {
      event.preventDefault();
      event.stopPropagation();
      app.openTab('segment', true);
    }
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    event.stopPropagation();
    let k = Math.min(items.n - 1, Math.max(0, Math.ceil(this.cursor()) - 1));
    for (let x = 0; x < items.n; x++) if (items.kind[x] === KIND_ROW && items.ref[x] === app.selected) { k = x; break; }
    const step = event.key === 'ArrowDown' ? 1 : -1;
    for (let to = app.selected < 0 ? k : k + step; to >= 0 && to < items.n; to += step) {
      if (items.kind[to] === KIND_FOLD) {
        this.open(to);
        return this.key(event);
      }
      if (items.kind[to] === KIND_ROW) {
        this.choose(to);
        app.say(app.format.sentence(items.ref[to], app.story.stepAt(app.s)));
        return undefined;
      }
    }
    return undefined;
  }
}

function line(ctx, x0, y0, x1, y1) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
