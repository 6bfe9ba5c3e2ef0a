/* segment.js: one packet in full: its header as the grid of 32 bits, each field with a sentence, and its text. */
import { el, fill } from './dom.js';
import { textAt, acknowledgedBy, acknowledges } from './data.js';
import { statesAt } from './state.js';
import { duration, flagNames, visible } from './format.js';

const TEXT_SHOWN = 2048, HEX_SHOWN = 256;

export class SegmentView {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.shown = '';
  }

  update() {
    const { app } = this, key = [app.selected, app.words.lang].join();
    if (this.shown === key) return;
    this.shown = key;
    if (app.selected < 0) {
      fill(this.root, el('p', { class: 'hint', text: app.words.ui('choose_segment') }));
      return;
    }
    const i = app.selected;
    this.note = el('p', { class: 'field-note', 'aria-live': 'polite' });
    fill(this.root, this.heading(i), app.run.seg.kind[i] === 0 ? this.grid(i) : null, this.note, this.facts(i), this.text(i));
  }

  heading(i) {
    const { app } = this, { seg } = app.run;
    return el('h2', { text: `${app.format.proto(i)} ${app.format.name(i)}  ${app.format.host(seg.a[i])} → ${app.format.host(seg.b[i])}  ${app.format.what(i)}` });
  }

  /* RFC 9293 3.1. */
  grid(i) {
    const { app } = this, { seg, conns } = app.run, conn = conns[seg.c[i]], extra = seg.o[i] || {}, w = app.words;
    const iss = conn.isn ? conn.isn[seg.up[i] ? 0 : 1] : 0, irs = conn.isn ? conn.isn[seg.up[i] ? 1 : 0] : 0;
    const source = seg.up[i] ? conn.cport : conn.sport, dest = seg.up[i] ? conn.sport : conn.cport;
    const number = (relative, first) => (first ? `${relative}  (${(relative + first) >>> 0})` : String(relative));
    const options = this.options(extra), cells = [
      ['source_port', 16, source ?? '?'], ['dest_port', 16, dest ?? '?'], ['seq', 32, number(seg.seq[i], iss)],
      ['ack', 32, seg.f[i] & 16 ? number(seg.ack[i], irs) : '0'], ['flags', 16, flagNames(seg.f[i]).join(' ') || '–'],
      ['window', 16, String(seg.win[i])], ['options', 32, options || '–'], ['length', 32, String(seg.len[i])],
    ];
    return el('div', { class: 'bits', role: 'list' }, ...cells.map(([key, bits, value]) => {
      const cell = el('div', { class: 'bit bit' + bits, role: 'listitem', tabindex: '0', 'data-key': key, 'aria-label': `${w.ui('f_' + key)}: ${value}. ${w.ui('m_' + key)}` }, el('span', { class: 'bit-name', text: w.ui('f_' + key) }), el('span', { class: 'bit-value', text: value }));
      const tell = () => { this.note.textContent = w.ui('m_' + key); };
      cell.addEventListener('focus', tell);
      cell.addEventListener('pointerenter', tell);
      return cell;
    }));
  }

  options(extra) {
    const out = [];
    if (extra.mss) out.push('MSS ' + extra.mss);
    if (extra.ws !== undefined) out.push('window scale ' + extra.ws);
    if (extra.sackok) out.push('SACK permitted');
    if (extra.sack) out.push('SACK ' + extra.sack.map(([a, b]) => `${a}–${b}`).join(', '));
    return out.join(', ');
  }

  link(i) {
    const { app } = this;
    return el('button', { type: 'button', class: 'link-button', text: app.format.name(i) || app.format.proto(i), onclick: () => { app.select(i, true); app.seek(app.story.s1[i]); } });
  }

  facts(i) {
    const { app } = this, { run, words: w } = app, { seg } = run, extra = seg.o[i] || {}, conn = run.conns[seg.c[i]], rows = [];
    const put = (key, ...value) => rows.push(el('dt', { text: w.ui(key) }), el('dd', {}, ...value));
    put('connection', conn.name);
    if (conn.addr) put('addresses', seg.up[i] ? `${conn.addr[0]} → ${conn.addr[1]}` : `${conn.addr[1]} → ${conn.addr[0]}`);
    put('sent', app.format.time(seg.t[i]));
    put('fate', app.format.fate(i) + (extra.link ? ' (' + extra.link + ')' : ''));
    const of = acknowledges(run, i), by = acknowledgedBy(run, i);
    if (of >= 0) put('acknowledges', this.link(of));
    if (by >= 0) put('acknowledged_by', this.link(by), ` +${duration(seg.t[by] - seg.t[i])}`);
    if (run.rtx[i] >= 0) put('repeats', this.link(run.rtx[i]));
    if (extra.ecn) put('ecn', extra.ecn);
    if (extra.frag) put('fragmented', w.ui('yes'));
    if (seg.u[i]) put('carries', textAt(run.units, seg.u[i]).text);
    const states = seg.kind[i] === 0 ? statesAt(run, seg.c[i], seg.end[i]) : new Map();
    if (states.size) put('states', [...states].map(([host, state]) => `${app.format.host(host)} ${state}`).join(', '));
    return el('dl', { class: 'facts' }, ...rows);
  }

  text(i) {
    const { app } = this, w = app.words, { text, cut } = textAt(app.run.text, app.run.seg.x[i]);
    if (!text) return null;
    const parts = [el('h3', { text: w.ui('payload') })];
    if (/<redacted:\d+>/.test(text)) parts.push(el('p', { class: 'hint', text: w.ui('redacted') }));
    parts.push(el('pre', { class: 'payload', tabindex: '0', text: text.slice(0, TEXT_SHOWN).split('\n').map((x) => visible(x.replace(/\r$/, '␍'))).join('\n') }));
    if (cut) parts.push(el('p', { class: 'hint', text: w.ui('cut', { n: cut }) }));
    if (app.run.seg.kind[i] === 0) parts.push(el('details', {}, el('summary', { text: w.ui('hex') }), el('pre', { class: 'payload', tabindex: '0', text: hex(text) })));
    return el('div', {}, ...parts);
  }
}

function hex(text) {
  const bytes = new TextEncoder().encode(text).slice(0, HEX_SHOWN), lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.slice(at, at + 16)];
    lines.push(at.toString(16).padStart(4, '0') + '  ' + row.map((x) => x.toString(16).padStart(2, '0')).join(' ').padEnd(48) + ' ' + row.map((x) => (x >= 32 && x < 127 ? String.fromCharCode(x) : '.')).join(''));
  }
  return lines.join('\n') + (text.length > HEX_SHOWN ? '\n…' : '');
}
