/* format.js: times, names and rows as sentences, in the language of the page. No DOM. */
import { FLAGS, textAt, LOST } from './data.js';

export function trim(number, digits) {
  return String(Number(number.toFixed(digits)));
}

/* 20.1 ms, 1.5 s, 3 min 20 s, 2 d 3 h. */
export function duration(ns) {
  const s = ns / 1e9;
  if (ns === 0) return '0';
  if (ns < 1000) return ns + ' ns';
  if (s < 0.001) return trim(ns / 1e3, 1) + ' µs';
  if (s < 1) return trim(ns / 1e6, s < 0.1 ? 1 : 0) + ' ms';
  if (s < 120) return trim(s, s < 10 ? 2 : 1) + ' s';
  const minutes = Math.floor(s / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
  if (hours < 1) return `${minutes} min ${Math.floor(s % 60)} s`;
  return days < 1 ? `${hours} h ${minutes % 60} min` : `${days} d ${hours % 24} h`;
}

/* An instant: 1.131 s, or 1 d 02:03:04 in a long run. */
export function instant(ns, end) {
  const s = ns / 1e9;
  if (end < 600e9) return s.toFixed(3) + ' s';
  const pad = (x) => String(Math.floor(x)).padStart(2, '0');
  const days = Math.floor(s / 86400);
  return (days > 0 ? days + ' d ' : '') + `${pad((s % 86400) / 3600)}:${pad((s % 3600) / 60)}:${pad(s % 60)}` + (end < 7200e9 ? '.' + String(Math.floor((s % 1) * 1000)).padStart(3, '0') : '');
}

export function flagNames(f) {
  return FLAGS.filter(([, bit]) => f & bit).map(([name]) => name);
}

/* Text of strangers in a line: what steers, hides or reorders is shown as a dot. */
export function visible(text) {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, '·');
}

export function cut(text, room) {
  return text.length > room ? text.slice(0, Math.max(1, room - 1)) + '…' : text;
}

export function bytes(words, n) {
  return words.ui('bytes', { n });
}

export class Format {
  constructor(run, words) {
    this.run = run;
    this.words = words;
  }

  host(id) {
    return id < 0 ? '*' : this.words.term(this.run.names[id]);
  }

  time(ns) {
    return instant(ns, this.run.end);
  }

  /* c3, s2. */
  name(i) {
    const { seg } = this.run;
    return seg.kind[i] > 1 ? '' : (seg.up[i] ? 'c' : 's') + seg.num[i];
  }

  firstLine(i) {
    const { text, cut } = textAt(this.run.text, this.run.seg.x[i]);
    const at = text.search(/[\r\n]/);
    return visible(at >= 0 ? text.slice(0, at) : text) + (cut && at < 0 ? '…' : '');
  }

  /* What a row is, without its text: SYN ACK, PSH ACK 34. */
  what(i) {
    const { seg } = this.run;
    if (seg.kind[i] === 0) return flagNames(seg.f[i]).join(' ') + (seg.len[i] > 0 ? ' ' + seg.len[i] : '');
    return seg.kind[i] === 1 && !seg.u[i] ? 'UDP ' + seg.len[i] : '';
  }

  label(i) {
    const line = this.firstLine(i), what = this.what(i);
    return (what + (line && what ? '  ' : '') + line + (this.run.rtx[i] >= 0 || (this.run.seg.o[i] && this.run.seg.o[i].rtx) ? '  ' + this.words.ui('repeated') : '')).trim();
  }

  fate(i) {
    const { seg } = this.run, extra = seg.o[i] || {};
    if (seg.d[i] >= 0) return (extra.dup ? this.words.ui('copy') + ' ' : '') + '+' + duration(seg.d[i]);
    if (seg.d[i] === LOST) return this.words.ui('lost', { reason: extra.lost || '?' }) + (extra.fault ? ' ' + extra.fault : '');
    return this.words.ui('open');
  }

  proto(i) {
    return ['TCP', 'UDP', 'ICMP', 'ARP'][this.run.seg.kind[i]];
  }

  sentence(i, step) {
    const { seg } = this.run, w = this.words;
    return w.ui('row_sentence', {
      name: (seg.kind[i] === 0 ? w.ui('segment') : this.proto(i)) + ' ' + this.name(i), from: this.host(seg.a[i]), to: this.host(seg.b[i]),
      what: this.label(i) || bytes(w, seg.len[i]), time: this.time(seg.t[i]), fate: this.fate(i), step,
    });
  }

  value(value) {
    return visible(Array.isArray(value) ? value.join(', ') : String(value));
  }

  /* An event in a few words: user.send m1. */
  event(event) {
    const { message } = event.v;
    return event.e + (message !== undefined ? ' ' + visible(String(message)) : '');
  }

  eventLong(event) {
    const values = Object.entries(event.v).map(([name, value]) => `${name}=${this.value(value)}`);
    return [event.k ? event.k + ' ' + event.e : event.e, ...values].join(' ');
  }

  caption(n) {
    const step = this.run.steps[n - 1];
    if (!step) return '';
    if (step.key) return this.words.scene(step.key);
    return this.host(this.run.app[step.app].h) + ': ' + this.eventLong(this.run.app[step.app]);
  }

  title() {
    if (!this.run.scene) return this.run.title;
    const title = this.words.scene(this.run.scene + '.title');
    return title === this.run.scene + '.title' || !title ? this.run.title : title;
  }
}
