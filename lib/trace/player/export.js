/* export.js: what can be taken along: the ladder as SVG, the map as SVG and PNG, the rows as CSV, dialogues as Mermaid and PlantUML,
 * the data itself. Everything is made in the page; nothing leaves it but by the user's own download. */
import { el, svg } from './dom.js';
import { shapeOf, LOST, textAt } from './data.js';
import { PATHS, COLOUR_OF } from './marks.js';
import { duration, visible, flagNames, cut } from './format.js';

const MESSAGES_MAX = 200;

/* Rows, events and folds for paper: anchors of steps first, then as many others as fit. */
export function foldedItems(app, max) {
  const { run, story } = app, anchors = new Map(), out = [];
  run.steps.forEach((step, i) => step.ok && step.seg !== undefined && anchors.set(step.seg, i + 1));
  const events = run.steps.map((step, i) => ({ step, n: i + 1 })).filter(({ step }) => step.ok && step.app !== undefined).sort((a, b) => a.step.app - b.step.app);
  const visibleRows = [];
  for (let i = 0; i < run.seg.n; i++) if (app.shows(i)) visibleRows.push(i);
  const spare = max - anchors.size - events.length;
  const keepAll = visibleRows.length - anchors.size <= spare;
  let next = 0, folded = 0, kept = 0, total = 0;
  const flush = () => {
    if (folded) out.push({ fold: folded });
    folded = 0;
  };
  for (const i of [...visibleRows, -1]) {
    const at = i >= 0 ? story.s0[i] : Infinity;
    for (; next < events.length && story.appS[events[next].step.app] <= at; next++) {
      flush();
      out.push({ event: run.app[events[next].step.app], n: events[next].n });
    }
    if (i < 0) break;
    if (anchors.has(i) || keepAll || (!run.hasScene && kept < spare)) {
      flush();
      kept++;
      out.push({ i, n: anchors.get(i) });
    } else {
      folded++;
      total++;
    }
  }
  flush();
  return { items: out, folded: total };
}

export function lanesOf(app, items) {
  const { run } = app, lanes = new Map();
  for (const { i, event } of items)
    for (const host of event ? [event.h] : i !== undefined ? [run.seg.a[i], run.seg.b[i]] : []) if (host >= 0 && !lanes.has(host)) lanes.set(host, lanes.size);
  return lanes;
}

const SVG_INK = { bg: '#fff', fg: '#111', muted: '#555', line: '#999', syn: '#9a6200', psh: '#0067a8', ack: '#5f6670', fin: '#8f3f78', rst: '#b83a00', udp: '#007a57' };

/* One row as SVG, 26 high, for the printed ladder and the exported one. */
export function ladderRow(app, item, lanes, width, colours, y) {
  const { run } = app, gap = (width - 170) / Math.max(1, lanes.size - 1), x = (host) => 50 + (lanes.get(host) ?? lanes.size - 1) * gap;
  const group = svg('g', { transform: `translate(0 ${y})`, 'font-family': 'sans-serif', 'font-size': 11 });
  for (const [, lane] of lanes) group.append(svg('line', { x1: 50 + lane * gap, x2: 50 + lane * gap, y1: 0, y2: 26, stroke: colours.line }));
  if (item.n) group.append(svg('text', { x: 16, y: 17, 'text-anchor': 'middle', 'font-weight': 'bold', fill: colours.fg, text: String(item.n) }));
  const put = (text, at, anchor) => group.append(svg('text', { x: at, y: 10, 'text-anchor': anchor, fill: colours.fg, text }));
  if (item.fold) {
    group.append(svg('text', { x: 50 + ((lanes.size - 1) * gap) / 2, y: 17, 'text-anchor': 'middle', fill: colours.muted, text: '⋮ ' + app.words.ui('more', { n: item.fold }) }));
  } else if (item.event) {
    group.append(svg('circle', { cx: x(item.event.h), cy: 14, r: 4, fill: colours.fg }));
    const left = x(item.event.h) > width / 2;
    group.append(svg('text', { x: x(item.event.h) + (left ? -8 : 8), y: 18, 'text-anchor': left ? 'end' : 'start', fill: colours.fg, text: cut(app.format.event(item.event), 60) }));
    group.append(svg('text', { x: width - 4, y: 18, 'text-anchor': 'end', fill: colours.muted, text: app.format.time(item.event.t) }));
  } else {
    const { i } = item, { seg } = run, shape = shapeOf(run, i), colour = colours[COLOUR_OF[shape]], x0 = x(seg.a[i]), whole = seg.b[i] >= 0 ? x(seg.b[i]) : x0 + 40;
    const lost = seg.d[i] === LOST, x1 = x0 + ((whole === x0 ? x0 + 40 : whole) - x0) * (lost ? 0.75 : 1), dir = x1 > x0 ? 1 : -1;
    group.append(svg('line', { x1: x0, y1: 14, x2: x1, y2: 19, stroke: colour, 'stroke-width': seg.len[i] ? 2 : 1.2, 'stroke-dasharray': run.rtx[i] >= 0 ? '5 3' : 'none' }));
    group.append(svg('path', lost ? { d: `M${x1 - 4} 15l8 8m0 -8l-8 8`, stroke: colour, 'stroke-width': 2, fill: 'none' } : { d: `M${x1} 19l${-8 * dir} -4v8z`, fill: colour }));
    group.append(svg('path', { d: PATHS[shape].d, transform: `translate(${x0} 14) scale(.6)`, fill: PATHS[shape].fill ? colour : colours.bg, stroke: colour, 'stroke-width': 1.8, 'fill-rule': 'evenodd' }));
    put(cut(app.format.label(i), Math.max(6, Math.floor((Math.abs(whole - x0) - 20) / 5.6))), (x0 + whole) / 2, 'middle');
    group.append(svg('text', { x: width - 4, y: 18, 'text-anchor': 'end', fill: colours.muted, text: app.format.time(seg.t[i]) + (lost ? '' : ' +' + duration(Math.max(0, seg.d[i]))) }));
  }
  return group;
}

export function ladderSvg(app) {
  const { items } = foldedItems(app, 400), lanes = lanesOf(app, items), width = Math.max(640, 220 + lanes.size * 150), gap = (width - 170) / Math.max(1, lanes.size - 1);
  const root = svg('svg', { xmlns: 'http://www.w3.org/2000/svg', width, height: 40 + items.length * 26, viewBox: `0 0 ${width} ${40 + items.length * 26}` }, svg('rect', { width: '100%', height: '100%', fill: '#fff' }));
  for (const [host, lane] of lanes) root.append(svg('text', { x: 50 + lane * gap, y: 20, 'text-anchor': 'middle', 'font-family': 'sans-serif', 'font-size': 12, 'font-weight': 'bold', text: app.format.host(host) }));
  items.forEach((item, k) => root.append(ladderRow(app, item, lanes, width, SVG_INK, 30 + k * 26)));
  return new XMLSerializer().serializeToString(root);
}

/* The map with the styles that it has now; packets go along as a picture. */
export function mapSvg(app) {
  const source = app.map.svg, copy = source.cloneNode(true), all = [source, ...source.querySelectorAll('*')];
  [copy, ...copy.querySelectorAll('*')].forEach((node, i) => {
    const style = getComputedStyle(all[i]);
    for (const name of ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'font-size', 'font-family', 'font-weight', 'text-anchor']) node.setAttribute(name, style.getPropertyValue(name));
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.prepend(svg('rect', { width: '100%', height: '100%', fill: app.colours.bg }));
  copy.append(svg('image', { href: app.map.canvas.toDataURL('image/png'), width: app.map.width, height: app.map.height }));
  return new XMLSerializer().serializeToString(copy);
}

function mapPng(app, done) {
  const image = new Image(), canvas = el('canvas', { width: app.map.width * 2, height: app.map.height * 2 });
  image.onload = () => {
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => blob && done(blob), 'image/png');
  };
  image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(mapSvg(app));
}

/* RFC 4180; what a table program would take for a formula begins with an apostrophe. */
export function csv(app) {
  const quote = (text) => '"' + (/^[=+\-@\t\r]/.test(text) ? "'" : '') + text.replace(/"/g, '""') + '"', lines = ['time_ns,from,to,protocol,flags,seq,ack,window,length,fate,text,step'], { seg } = app.run;
  for (let i = 0; i < seg.n; i++) {
    if (!app.shows(i)) continue;
    const fate = seg.d[i] >= 0 ? String(seg.d[i]) : app.format.fate(i);
    lines.push([seg.t[i], quote(app.format.host(seg.a[i])), quote(app.format.host(seg.b[i])), app.format.proto(i), quote(flagNames(seg.f[i]).join(' ')), seg.seq[i], seg.ack[i], seg.win[i], seg.len[i], quote(fate), quote(textAt(app.run.text, seg.x[i]).text), app.story.stepAt(app.story.s1[i])].join(','));
  }
  return lines.join('\r\n') + '\r\n';
}

/* What both dialects of diagrams take as it is. */
function plain(text) {
  return cut(visible(text).replace(/[;#<>{}[\]"'`%\\|:]/g, ' ').replace(/\s+/g, ' ').trim(), 80) || '-';
}

function diagram(app, head, actor, message, note, foot) {
  const { items, folded } = foldedItems(app, MESSAGES_MAX), lanes = lanesOf(app, items), lines = [...head];
  for (const [host, lane] of lanes) lines.push(actor(lane, plain(app.format.host(host))));
  for (const item of items) {
    if (item.fold) lines.push(note([...lanes.values()][0] ?? 0, app.words.ui('more', { n: item.fold })));
    else if (item.event) lines.push(note(lanes.get(item.event.h), plain(app.format.event(item.event))));
    else lines.push(message(lanes.get(app.run.seg.a[item.i]), lanes.get(app.run.seg.b[item.i]) ?? lanes.get(app.run.seg.a[item.i]), plain(app.format.label(item.i)), app.run.seg.d[item.i] === LOST));
  }
  void folded;
  return [...lines, ...foot].join('\n') + '\n';
}

export function mermaid(app) {
  return diagram(app, ['sequenceDiagram'], (k, name) => `  participant h${k} as ${name}`, (a, b, text, lost) => `  h${a}${lost ? '-x' : '->>'}h${b}: ${text}`, (k, text) => `  Note over h${k}: ${text}`, []);
}

export function plantuml(app) {
  return diagram(app, ['@startuml'], (k, name) => `participant "${name}" as h${k}`, (a, b, text, lost) => `h${a} ${lost ? '->x' : '->'} h${b} : ${text}`, (k, text) => `note over h${k} : ${text}`, ['@enduml']);
}

const KINDS = [
  ['ladder_svg', 'ladder.svg', 'image/svg+xml', ladderSvg], ['map_svg', 'map.svg', 'image/svg+xml', mapSvg], ['map_png', 'map.png', 'image/png', null],
  ['csv', 'rows.csv', 'text/csv', csv], ['mermaid', 'ladder.mmd', 'text/plain', mermaid], ['plantuml', 'ladder.puml', 'text/plain', plantuml],
  ['data', 'run.json', 'application/json', (stage) => stage.app.dataText],
];

function save(app, name, blob) {
  const link = el('a', { href: URL.createObjectURL(blob), download: (app.run.source.topology || 'run').replace(/[^\w.-]+/g, '-') + (app.letter && '-' + app.letter) + '-' + name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/* The data are those of the whole page. */
export function exportList(app) {
  return el('ul', { class: 'exports' }, ...KINDS.filter(([key]) => key !== 'data' || app.at === 0).map(([key, name, type, make]) => el('li', {}, el('button', {
    type: 'button', text: app.words.ui('x_' + key), 'data-export': key + app.suffix,
    onclick: () => (make ? save(app, name, new Blob([make(app)], { type })) : mapPng(app, (blob) => save(app, name, blob))),
  }))));
}
