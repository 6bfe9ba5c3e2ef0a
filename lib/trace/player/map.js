/* map.js: where: hosts, links, and what is under way. Hosts and links are SVG, packets a canvas above it. */
import { svg, el, fill, fitCanvas, clip } from './dom.js';
import { graphOf, layout, Ways } from './layout.js';
import { inFlight, eventCount } from './state.js';
import { lowerBound } from './time.js';
import { shapeOf, LOST } from './data.js';
import { drawMark } from './marks.js';
import { duration, cut } from './format.js';

const MARKS_CROWD = 40, BADGE_MS = 1600, MARKS_MAX = 4000;
const HOST_ICONS = {
  pc: 'M-13 -11H13V7H-13ZM-5 7L-7 12H7L5 7',
  server: 'M-10 -13H10V12H-10ZM-10 -5H10M-10 4H10M-6 -9H-2M-6 0H-2M-6 8H-2',
  router: 'M-13 0A13 11 0 1 0 13 0A13 11 0 1 0 -13 0ZM-7 0H7M3 -4L7 0L3 4M-3 -4L-7 0L-3 4',
  dns: 'M-10 -12H10V12H-10ZM-5 -6H5M-5 0H5M-5 6H1',
  lan: 'M-16 -3H16V3H-16ZM-10 3V8M0 3V8M10 3V8',
};

export class MapView {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.graph = graphOf(app.run);
    this.places = layout(app.run, this.graph);
    this.ways = new Ways(this.graph);
    this.svg = svg('svg', { 'aria-hidden': 'true', focusable: 'false' });
    this.canvas = el('canvas', { role: 'img' });
    this.frame = el('div', { class: 'map-frame' }, this.svg, this.canvas);
    root.append(this.frame);
    this.canvas.addEventListener('click', (event) => this.click(event));
    this.width = 0;
  }

  /* Where hosts stand on the screen; a long chain stands upright where the page is narrow. */
  resize() {
    const { places, graph, root } = this, width = Math.max(200, root.clientWidth);
    this.upright = width / places.width < 78 && places.width > places.height;
    const across = this.upright ? places.height : places.width, down = this.upright ? places.width : places.height;
    this.dense = down > 4;
    const rowHeight = this.dense ? Math.max(24, Math.min(84, 760 / down)) : 128, height = Math.max(root.clientHeight, down * rowHeight, 200);
    this.columnWidth = Math.min(width / across, 240);
    this.compact = rowHeight < 60 || this.columnWidth < 44;
    this.bare = rowHeight < 32 || this.columnWidth < 30;
    this.xy = graph.nodes.map((node, i) => {
      const [px, py] = this.places.at.get(i) || [0.5, 0.5], x = this.upright ? py : px, y = this.upright ? px : py;
      return [x * width, y * height];
    });
    this.width = width;
    this.height = height;
    this.svg.classList.toggle('compact', this.compact);
    this.svg.setAttribute('width', width);
    this.svg.setAttribute('height', height);
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.drawStatic();
  }

  linkText(edge) {
    const { link } = edge;
    if (!link || !link.ab) return '';
    const rate = link.ab.rate, unit = rate >= 1e9 ? [1e9, 'Gbit/s'] : rate >= 1e6 ? [1e6, 'Mbit/s'] : [1e3, 'kbit/s'];
    return duration(link.ab.delay) + (rate ? ', ' + Number((rate / unit[0]).toFixed(1)) + ' ' + unit[1] : '');
  }

  drawStatic() {
    const { graph, xy, app } = this, parts = [];
    this.edgeNodes = graph.edges.map((edge) => {
      const [x1, y1] = xy[edge.a], [x2, y2] = xy[edge.b];
      const line = svg('line', { x1, y1, x2, y2, class: 'link' });
      const cross = svg('path', { d: 'M-7 -7L7 7M7 -7L-7 7', class: 'cut', transform: `translate(${(x1 + x2) / 2} ${(y1 + y2) / 2})`, visibility: 'hidden' });
      parts.push(line, cross);
      const length = Math.hypot(x2 - x1, y2 - y1), text = this.linkText(edge);
      if (!this.dense && text && length > 6.6 * text.length && Math.abs(y2 - y1) < 8)
        parts.push(svg('text', { x: (x1 + x2) / 2, y: (y1 + y2) / 2 + 57, class: 'link-name', text }));
      return { line, cross };
    });
    this.names = []; /* boxes of the names of hosts */
    this.hostNodes = graph.nodes.map((node, i) => {
      const [x, y] = xy[i], right = this.freeBeside(i), left = right < 60 && x > right;
      const room = Math.max(5, Math.floor((this.upright ? (left ? x - 24 : right) : this.columnWidth) / 7.9));
      const group = svg('g', { transform: `translate(${x} ${y})`, class: 'host ' + node.kind });
      group.append(svg('path', { d: HOST_ICONS[node.kind] || HOST_ICONS.pc, class: 'icon', transform: this.compact ? 'scale(.55)' : '' }));
      const place = (x0, y0) => (this.upright && !this.compact ? { x: left ? -20 : 20, y: x0, style: 'text-anchor: ' + (left ? 'end' : 'start') } : { y: y0 });
      const label = svg('text', { ...place(-6, this.compact ? 17 : this.dense ? 27 : -20), class: 'host-name', text: this.bare ? '' : cut(node.host >= 0 ? app.format.host(node.host) : node.name, room) });
      const box = svg('text', { ...place(20, this.dense ? 39 : 42), class: 'host-box' }), badge = svg('text', { ...place(7, this.dense ? -18 : -52), class: 'badge' });
      group.append(svg('title', { text: this.about(node) }), label, box, badge);
      parts.push(group);
      const half = 4 * (node.host >= 0 ? app.format.host(node.host) : node.name).length;
      this.names.push(this.upright ? [x, y - 8, x + 20 + 2 * half, y + 8] : [x - half, y - 33, x + half, y - 16]);
      return { group, box, badge, room };
    });
    fill(this.svg, ...parts);
    this.shown = {};
  }

  /* Pixels to the right of a host up to the next one or the edge. */
  freeBeside(i) {
    const [x, y] = this.xy[i];
    return Math.min(this.width, ...this.xy.filter(([ox, oy]) => ox > x && Math.abs(oy - y) < 24).map(([ox]) => ox - 20)) - x - 22;
  }

  about(node) {
    if (node.host < 0) return node.name;
    return [node.name, ...this.app.run.hosts[node.host].addresses].join(' ');
  }

  setText(node, key, text) {
    if (this.shown[key] === text) return;
    this.shown[key] = text;
    node.textContent = text;
  }

  update() {
    if (!this.width) return;
    this.updateHosts();
    this.updateMarks();
  }

  /* Only what events have changed. */
  updateHosts() {
    const { app, graph } = this, { story, run } = app, count = eventCount(story, app.s);
    const from = app.still ? story.stepEnd(story.stepAt(app.s) - 1) : app.s - BADGE_MS;
    const first = app.still ? eventCount(story, from) : lowerBound(story.appS, from), state = count + ' ' + first;
    if (this.shown.state === state) return;
    this.shown.state = state;
    const boxes = new Map(), down = app.trouble.after(count);
    for (const store of app.stores.after(count)) {
      const ids = [...store.items.values()].map((item) => (item.durable ? item.id : '(' + item.id + ')'));
      if (ids.length) boxes.set(store.host, [...(boxes.get(store.host) || []), store.box + ': ' + (ids.length > 4 ? ids.length + ' ✉' : ids.join(' '))]);
    }
    const badges = new Map();
    this.boxes = []; /* of what lies in mailboxes, as labels have to stay clear of it */
    for (let k = Math.max(first, count - 200); k < count; k++) if (run.app[k].h >= 0) badges.set(run.app[k].h, app.format.event(run.app[k]));
    graph.nodes.forEach((node, i) => {
      const { box, badge, room, group } = this.hostNodes[i];
      const held = this.compact ? '' : cut((boxes.get(node.host) || []).join('; '), room), [x, y] = this.xy[i], half = 3.2 * held.length;
      this.setText(box, 'b' + i, held);
      if (held) this.boxes.push(this.upright ? [x, y + 10, x + 20 + 2 * half, y + 24] : [x - half, y + 30, x + half, y + 46]);
      this.setText(badge, 'e' + i, this.compact ? '' : cut(badges.get(node.host) || '', room));
      group.classList.toggle('down', node.host >= 0 && down.has(node.host));
    });
    graph.edges.forEach((edge, e) => {
      const cutOff = [edge.a, edge.b].some((end) => app.trouble.isLinkDown(down, edge.name, graph.nodes[end].host));
      const { line, cross } = this.edgeNodes[e];
      line.classList.toggle('down', cutOff);
      cross.setAttribute('visibility', cutOff ? 'visible' : 'hidden');
    });
  }

  node(host) {
    return this.graph.byName.get(this.app.run.names[host]);
  }

  /* Where a packet is after the share p of its way. */
  point(i, p) {
    const { run } = this.app, a = this.node(run.seg.a[i]), b = run.seg.b[i] >= 0 ? this.node(run.seg.b[i]) : undefined;
    if (a === undefined) return null;
    if (b === undefined || a === b) {
      const [x, y] = this.xy[a];
      return [x + 20 + 24 * p, y - 16 - 8 * p, -1];
    }
    const way = this.ways.between(a, b), extra = run.seg.o[i];
    let share = p;
    if (run.seg.d[i] === LOST && extra) {
      const at = way.edges.findIndex((e) => e >= 0 && this.graph.edges[e].name === extra.link);
      const k = at >= 0 ? at : 0;
      share = p * (way.sums[k] + 0.5 * (way.sums[k + 1] - way.sums[k]));
    }
    let hop = 0;
    while (hop + 1 < way.edges.length && way.sums[hop + 1] <= share) hop++;
    const inner = Math.min(1, (share - way.sums[hop]) / (way.sums[hop + 1] - way.sums[hop]));
    const [x1, y1] = this.xy[way.nodes[hop]], [x2, y2] = this.xy[way.nodes[hop + 1]];
    const length = Math.hypot(x2 - x1, y2 - y1) || 1, side = 8;
    const margin = Math.min(20, length / 4) / length, q = margin + inner * (1 - 2 * margin);
    return [x1 + (x2 - x1) * q - ((y2 - y1) / length) * side, y1 + (y2 - y1) * q + ((x2 - x1) / length) * side, way.edges[hop] * 2 + (x2 > x1 || (x2 === x1 && y2 > y1) ? 1 : 0)];
  }

  /* What is drawn: those under way, or without movement all of the step at once. */
  visibleRows() {
    const { app } = this, { run, story } = app;
    if (!app.still) return inFlight(run, story, app.s, MARKS_MAX).filter(({ i }) => app.shows(i));
    const n = story.stepAt(app.s), from = story.stepEnd(n - 1), out = [];
    for (let i = lowerBound(story.s0, from); i < run.seg.n && story.s0[i] < app.s && out.length < MARKS_MAX; i++)
      if (app.shows(i)) out.push({ i, p: 1, lost: run.seg.d[i] === LOST });
    return out;
  }

  updateMarks() {
    const { app } = this, ctx = fitCanvas(this.canvas, this.width, this.height), colours = app.colours;
    ctx.clearRect(0, 0, this.width, this.height);
    const rows = this.visibleRows(), crowds = new Map();
    this.marks = [];
    this.taken = [];
    for (const { i, p, lost } of rows) {
      const at = this.point(i, p);
      if (!at) continue;
      const mark = { i, x: at[0], y: at[1], lost, edge: at[2] };
      this.marks.push(mark);
      if (at[2] >= 0) crowds.set(at[2], (crowds.get(at[2]) || 0) + 1);
    }
    this.drawCrowds(ctx, crowds);
    const size = this.compact ? 0.6 : 1;
    for (const mark of this.marks) {
      if ((crowds.get(mark.edge) || 0) > MARKS_CROWD) continue;
      if (app.still) this.drawArrow(ctx, mark);
      if (mark.lost) drawMark(ctx, 'rst', mark.x, mark.y, colours, { size });
      else drawMark(ctx, shapeOf(app.run, mark.i), mark.x, mark.y, colours, { size, dashed: app.run.rtx[mark.i] >= 0 });
      if (mark.i === app.selected) ring(ctx, mark, colours);
    }
    if (!this.compact) for (const mark of this.marks.slice(0, 60)) if ((crowds.get(mark.edge) || 0) <= MARKS_CROWD) this.drawLabel(ctx, mark);
    this.canvas.setAttribute('aria-label', app.words.ui('map_label', { n: this.marks.length }));
  }

  /* A label stands in a band of its own above or below the line, on the other side where a host has its name, and not where another one stands. */
  drawLabel(ctx, mark) {
    const { app } = this;
    ctx.font = '11px system-ui, sans-serif';
    const text = clip(ctx, app.format.label(mark.i) || app.format.proto(mark.i), Math.min(this.width - 8, Math.max(90, this.columnWidth + 20))), width = ctx.measureText(text).width;
    const x = Math.min(this.width - width / 2 - 4, Math.max(width / 2 + 4, mark.x)), below = mark.y >= this.lineY(mark), bands = this.dense ? (below ? [20] : [-12]) : below ? [24, -28, 68] : [-28, 24, 84];
    const boxAt = (band) => [x - width / 2 - 3, mark.y + band - 11, x + width / 2 + 3, mark.y + band + 4], meets = (one, other) => one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
    const band = bands.find((b) => !this.taken.some((other) => meets(boxAt(b), other)) && (this.dense || ![...this.names, ...this.boxes].some((name) => meets(boxAt(b), name))));
    if (band === undefined) return;
    const box = boxAt(band), y = mark.y + band;
    if (this.dense && this.xy.some(([hx, hy]) => box[0] < hx + 40 && hx - 40 < box[2] && box[1] < hy + 44 && hy - 30 < box[3])) return;
    this.taken.push(box);
    ctx.textAlign = 'center';
    ctx.fillStyle = app.colours.bg;
    ctx.fillRect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
    ctx.fillStyle = app.colours.fg;
    ctx.fillText(text, x, y);
  }

  /* The height of the line that it flies beside. */
  lineY(mark) {
    if (mark.edge < 0) return mark.y + 1;
    const { a, b } = this.graph.edges[mark.edge >> 1], [x1, y1] = this.xy[a], [x2, y2] = this.xy[b];
    return x1 === x2 ? mark.y + (mark.x < x1 ? 1 : 0) : y1 + ((y2 - y1) * (mark.x - x1)) / (x2 - x1);
  }

  drawArrow(ctx, mark) {
    const start = this.point(mark.i, 0);
    ctx.strokeStyle = this.app.colours.muted;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.moveTo(start[0], start[1]);
    ctx.lineTo(mark.x, mark.y);
    ctx.stroke();
  }

  /* A bar with a number instead of more marks than can be told apart. */
  drawCrowds(ctx, crowds) {
    for (const [edge, n] of crowds) {
      if (n <= MARKS_CROWD) continue;
      const { a, b } = this.graph.edges[edge >> 1], [x1, y1] = this.xy[a], [x2, y2] = this.xy[b];
      ctx.strokeStyle = this.app.colours.psh;
      ctx.lineWidth = 6;
      ctx.globalAlpha = 0.6;
      ctx.beginPath();
      ctx.moveTo(x1, y1 + (edge & 1 ? 8 : -8));
      ctx.lineTo(x2, y2 + (edge & 1 ? 8 : -8));
      ctx.stroke();
      ctx.globalAlpha = 1;
      ctx.fillStyle = this.app.colours.fg;
      ctx.font = 'bold 12px system-ui, sans-serif';
      ctx.textAlign = 'center';
      ctx.fillText(String(n), (x1 + x2) / 2, (y1 + y2) / 2 + (edge & 1 ? 26 : -16));
    }
  }

  pick(x, y) {
    let best = -1, near = 18;
    for (const mark of this.marks || []) {
      const distance = Math.hypot(mark.x - x, mark.y - y);
      if (distance < near) {
        near = distance;
        best = mark.i;
      }
    }
    return best;
  }

  click(event) {
    const box = this.canvas.getBoundingClientRect(), i = this.pick(event.clientX - box.left, event.clientY - box.top);
    if (i >= 0) this.app.select(i, true);
  }
}

function ring(ctx, { x, y }, colours) {
  ctx.strokeStyle = colours.accent;
  ctx.lineWidth = 2;
  ctx.beginPath();
  ctx.arc(x, y, 12, 0, 7);
  ctx.stroke();
}
