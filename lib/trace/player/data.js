/* data.js: the data of the page, checked and made into columns that can be searched. No DOM: also for programs.
 * docs/player.md describes the form. Unknown fields are passed over; columns that do not fit together are an error. */
export const LOST = -1, OPEN = -2;
export const FLAGS = [['SYN', 2], ['ACK', 16], ['FIN', 1], ['RST', 4], ['PSH', 8], ['URG', 32], ['ECE', 64], ['CWR', 128]];
const TCP = 0, UDP = 1, ICMP = 2, ARP = 3;
export const PROTOS = ['tcp', 'udp', 'icmp', 'arp'];

export class PlayError extends Error {
  constructor(key, values) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

function sums(list) {
  const out = new Float64Array(list.length);
  let sum = 0;
  for (let i = 0; i < list.length; i++) out[i] = sum += list[i];
  return out;
}

function column(object, name, count) {
  const list = object && object[name];
  if (!Array.isArray(list) || list.length !== count) throw new PlayError('error_columns', { name });
  return list;
}

/* A text, or one that was cut: {text, cut}. */
export function textAt(list, index) {
  const entry = list[index];
  if (entry === undefined || entry === null) return { text: '', cut: 0 };
  return typeof entry === 'string' ? { text: entry, cut: 0 } : { text: String(entry.s || ''), cut: Number(entry.cut) || 0 };
}

function decodeSegments(run, source) {
  const n = source.n, o = source.o || {};
  const seg = {
    n, t: sums(column(source, 't', n)), d: Float64Array.from(column(source, 'd', n)), c: Int32Array.from(column(source, 'c', n)),
    up: Uint8Array.from(column(source, 'up', n)), num: Uint32Array.from(column(source, 'num', n)),
    f: Uint8Array.from(column(source, 'f', n)), seq: Uint32Array.from(column(source, 'seq', n)),
    ack: Uint32Array.from(column(source, 'ack', n)), win: Uint32Array.from(column(source, 'win', n)),
    len: Uint32Array.from(column(source, 'len', n)), x: Uint32Array.from(column(source, 'x', n)),
    u: Uint32Array.from(column(source, 'u', n)), end: new Float64Array(n), kind: new Uint8Array(n), o,
    a: new Int32Array(n), b: new Int32Array(n),
  };
  for (let i = 0; i < n; i++) {
    const conn = run.conns[seg.c[i]];
    if (!conn) throw new PlayError('error_columns', { name: 'c' });
    seg.kind[i] = conn.kind;
    seg.a[i] = seg.up[i] ? conn.client : conn.server;
    seg.b[i] = seg.up[i] ? conn.server : conn.client;
    seg.end[i] = seg.d[i] >= 0 ? seg.t[i] + seg.d[i] : seg.t[i] + ((seg.d[i] === LOST && o[i] && o[i].after) || 0);
  }
  return seg;
}

function decodeConns(run, source) {
  return source.map((conn, i) => {
    const kind = Math.max(0, PROTOS.indexOf(conn.proto));
    const to = conn.server < 0 ? '*' : run.names[conn.server];
    const name = kind <= UDP ? `${run.names[conn.client]}>${to}:${conn.sport}#${conn.number}` : `${conn.proto} ${run.names[conn.client]}>${to}`;
    return { ...conn, id: i, kind, name };
  });
}

/* Steps of a run without a scene: what people and mails did. */
const TOLD = /^(user\.|message\.|auth\.|mailbox\.(login|selected|check)|link\.|smtp\.deferred|draft\.|dhcp\.(bound|failed)|dns\.failed|arp\.failed|connection\.chosen)/;
const CHAPTERS_MAX = 200;

function chapters(run) {
  const told = run.app.filter((event) => (event.k ? event.k !== 'check' : TOLD.test(event.e)) && event.h >= 0);
  const step = Math.max(1, told.length / CHAPTERS_MAX);
  const out = [];
  for (let at = 0; Math.floor(at) < told.length; at += step) {
    const event = told[Math.floor(at)];
    out.push({ n: out.length + 1, actor: run.names[event.h], key: null, ok: true, app: event.index });
  }
  return out;
}

function steps(run, source) {
  const list = (source || []).map((step) => ({ ...step }));
  run.hasScene = list.length > 0;
  for (const step of list) if (step.seg === undefined && step.app === undefined) step.ok = false;
  return run.hasScene ? list : chapters(run);
}

function series(source) {
  const n = source && Array.isArray(source.t) ? source.t.length : 0;
  if (n === 0) return { n: 0 };
  const out = { n, t: sums(source.t) };
  for (const name of ['c', 'up', 'cwnd', 'ssthresh', 'flight', 'srtt', 'rto', 'why']) out[name] = Float64Array.from(column(source, name, n));
  return out;
}

function states(source) {
  const n = source && Array.isArray(source.t) ? source.t.length : 0;
  const out = { n, t: n ? sums(source.t) : [] };
  for (const name of ['c', 'h', 'from', 'to', 'why']) out[name] = n ? column(source, name, n) : [];
  return out;
}

/* The roles of a host, from what its agents told. */
function roleOf(host, agents, links) {
  const has = (...names) => names.some((name) => agents.has(name));
  if (has('user', 'browser', 'web-user')) return 'pc';
  if (has('nat')) return 'router';
  if (has('dns-server', 'resolver', 'dns-resolver')) return 'dns';
  if (has('smtp-server', 'smtp-client', 'pop-server', 'imap-server', 'webmail', 'http-server')) return 'server';
  if (has('dhcp-server')) return 'router';
  return links > 1 ? 'router' : 'pc';
}

function hosts(run, source) {
  const agents = run.names.map(() => new Set()), links = new Map(), addresses = new Map();
  for (const event of run.app)
    if (event.h >= 0) agents[event.h].add(/^nat\./.test(event.e) ? 'nat' : event.a || '');
  for (const conn of run.conns) {
    if (conn.kind > UDP || conn.server < 0) continue;
    const agent = { 53: 'dns-server', 67: 'dhcp-server', 25: 'smtp-server', 587: 'smtp-server', 110: 'pop-server', 143: 'imap-server', 80: 'http-server' }[conn.sport];
    if (agent) agents[conn.server].add(agent);
  }
  const count = (name) => links.set(name, (links.get(name) || 0) + 1);
  for (const link of source.links || []) [link.a, link.b].forEach(count);
  for (const network of source.networks || []) network.members.forEach((member) => count(member.host));
  for (const host of source.hosts || []) addresses.set(host.name, host.addresses || []);
  for (const network of source.networks || [])
    for (const member of network.members)
      if (member.address) addresses.set(member.host, [...(addresses.get(member.host) || []), member.address]);
  return run.names.map((name, id) => ({
    id, name, addresses: addresses.get(name) || [], known: addresses.has(name),
    role: roleOf(name, agents[id], links.get(name) || 0),
  }));
}

/* Which segment each row repeats, -1 for none. */
function repeats(run) {
  const { seg } = run, first = new Map(), out = new Int32Array(seg.n).fill(-1);
  for (let i = 0; i < seg.n; i++) {
    const side = seg.c[i] * 2 + seg.up[i];
    if (!first.has(side)) first.set(side, new Map());
    const rows = first.get(side);
    if (!rows.has(seg.num[i])) rows.set(seg.num[i], i);
    const extra = seg.o[i];
    if (extra && extra.rtx) out[i] = rows.get(extra.rtx) ?? -1;
  }
  return out;
}

/* Of the data's runs the one at this place. */
export function decode(data, at = 0) {
  const match = /^mailsim\.play\/(\d+)$/.exec(String(data && data.schema));
  if (!match || match[1] !== '1') throw new PlayError('error_schema', { schema: String(data && data.schema), producer: String((data && data.producer) || '?') });
  const source = (data.runs || [])[at];
  if (!source || !Array.isArray(source.names) || !Array.isArray(source.conns) || !source.seg) throw new PlayError('error_columns', { name: 'runs' });
  const run = { source, data, names: source.names.map((name) => (typeof name === 'string' ? name : name.s)) };
  run.title = source.title || source.topology || 'mailsim';
  run.scene = source.scene || '';
  run.end = source.end_ns || 0;
  run.text = source.text || [];
  run.units = source.units || [];
  run.words = (source.words || []).map((word) => (typeof word === 'string' ? word : word.s));
  run.contents = source.contents || [];
  run.messages = source.messages || [];
  run.conns = decodeConns(run, source.conns);
  run.seg = decodeSegments(run, source.seg);
  run.app = (source.app || []).map((event, index) => ({ v: {}, ...event, index }));
  run.windows = series(source.cwnd);
  run.states = states(source.state);
  run.links = source.links || [];
  run.networks = source.networks || [];
  run.steps = steps(run, source.steps);
  run.hosts = hosts(run, source);
  run.rtx = repeats(run);
  run.connRows = null;
  return run;
}

/* Rows of a connection, in order. */
export function rowsOf(run, conn) {
  if (!run.connRows) {
    run.connRows = run.conns.map(() => []);
    for (let i = 0; i < run.seg.n; i++) run.connRows[run.seg.c[i]].push(i);
  }
  return run.connRows[conn];
}

/* What a segment takes of the numbers: its bytes, SYN and FIN. */
export function span(run, i) {
  const f = run.seg.f[i];
  return run.seg.len[i] + (f & 2 ? 1 : 0) + (f & 1 ? 1 : 0);
}

/* The first segment of the other side that acknowledged this one, and the newest one that this one acknowledges; -1: none. */
export function acknowledgedBy(run, i) {
  const { seg } = run, end = (seg.seq[i] + span(run, i)) >>> 0;
  if (seg.kind[i] !== TCP || span(run, i) === 0) return -1;
  for (const k of rowsOf(run, seg.c[i]))
    if (seg.up[k] !== seg.up[i] && seg.t[k] >= seg.end[i] && seg.f[k] & 16 && ((seg.ack[k] - end) | 0) >= 0) return k;
  return -1;
}

export function acknowledges(run, i) {
  const { seg } = run;
  let found = -1;
  if (seg.kind[i] !== TCP || !(seg.f[i] & 16)) return -1;
  for (const k of rowsOf(run, seg.c[i]))
    if (seg.up[k] !== seg.up[i] && seg.d[k] >= 0 && seg.end[k] <= seg.t[i] && span(run, k) > 0 && ((seg.seq[k] + span(run, k)) >>> 0) === seg.ack[i] && run.rtx[k] < 0) found = k;
  return found;
}

/* The shape of its mark. Precedence RST, SYN, FIN, data, ACK. */
export const SHAPES = ['syn', 'synack', 'psh', 'ack', 'fin', 'rst', 'udp', 'icmp', 'arp'];
export function shapeOf(run, i) {
  const { seg } = run, f = seg.f[i];
  if (seg.kind[i] === UDP) return 'udp';
  if (seg.kind[i] === ICMP) return 'icmp';
  if (seg.kind[i] === ARP) return 'arp';
  if (f & 4) return 'rst';
  if (f & 2) return f & 16 ? 'synack' : 'syn';
  if (f & 1) return 'fin';
  return f & 8 || seg.len[i] > 0 ? 'psh' : 'ack';
}
