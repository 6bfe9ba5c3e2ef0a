/* state.js: what is so at a moment of the story: what flies, what lies in mailboxes, who has a network. A pure function of the
 * moment, so that going back costs what going forward does. No DOM. */
import { LOST } from './data.js';
import { lowerBound, upperBound } from './time.js';

const CHECKPOINT = 1024, LOSS_MS = 900;

/* Rows under way at s, each with how far it is (0 to 1). A lost one stays for a while where it died. */
export function inFlight(run, story, s, limit = Infinity) {
  const out = [], from = lowerBound(story.s0, s - story.longest - LOSS_MS), to = lowerBound(story.s0, s);
  for (let i = from; i < to && out.length < limit; i++) {
    const lost = run.seg.d[i] === LOST;
    if (s > story.s2[i] + (lost ? LOSS_MS : 0)) continue;
    const length = story.s1[i] - story.s0[i];
    out.push({ i, p: length > 0 ? Math.min(1, (s - story.s0[i]) / length) : 1, lost: lost && s >= story.s1[i] });
  }
  return out;
}

/* How many events have happened. */
export function eventCount(story, s) {
  return upperBound(story.appS, s);
}

function copyStores(stores) {
  const out = new Map();
  for (const [key, box] of stores) out.set(key, { ...box, items: new Map(box.items) });
  return out;
}

/* Names of messages that a mailbox loses or gains. */
function applyStore(stores, event) {
  const v = event.v, box = String(v.mailbox ?? v.box ?? ''), key = event.h + ' ' + box;
  if (!stores.has(key)) stores.set(key, { host: event.h, box, items: new Map() });
  const items = stores.get(key).items, id = String(v.message ?? v.uid ?? '?');
  if (event.e === 'store.add') items.set(id, { id, durable: v.durable !== false, uid: v.uid, since: event.t });
  else items.delete(id);
}

export class Stores {
  constructor(run) {
    this.run = run;
    this.events = run.app.filter((event) => event.h >= 0 && (event.e === 'store.add' || event.e === 'store.remove'));
    this.indices = this.events.map((event) => event.index);
    this.checkpoints = [new Map()];
    for (let i = 0; i < this.events.length; i += CHECKPOINT) {
      const stores = copyStores(this.checkpoints[this.checkpoints.length - 1]);
      for (let k = i; k < Math.min(i + CHECKPOINT, this.events.length); k++) applyStore(stores, this.events[k]);
      this.checkpoints.push(stores);
    }
    this.last = null;
  }

  /* Mailboxes after the first count events of the run: a list of {host, box, items}. */
  after(count) {
    const wanted = lowerBound(this.indices, count);
    if (this.last && this.last.wanted === wanted) return this.last.list;
    const begin = Math.floor(wanted / CHECKPOINT), stores = copyStores(this.checkpoints[begin]);
    for (let k = begin * CHECKPOINT; k < wanted; k++) applyStore(stores, this.events[k]);
    this.last = { wanted, list: [...stores.values()] };
    return this.last.list;
  }
}

/* Links that are down, and hosts that are, after count events. A host without any link that is up is offline. */
export class Trouble {
  constructor(run) {
    this.changes = [];
    this.links = new Map(run.hosts.map((host) => [host.id, []]));
    const byName = new Map(run.hosts.map((host) => [host.name, host.id]));
    for (const link of run.links) for (const end of [link.a, link.b]) if (byName.has(end)) this.links.get(byName.get(end)).push(link.name);
    for (const network of run.networks)
      for (const member of network.members) if (byName.has(member.host)) this.links.get(byName.get(member.host)).push(network.name);
    for (const { index, h, k, e, v } of run.app) {
      if (h < 0) continue;
      const on = e === 'link.down' || (k === 'host' && e === 'crash');
      if (!on && e !== 'link.up' && !(k === 'host' && e === 'restart')) continue;
      const name = v.link ?? v.network;
      this.changes.push({ index, on, key: k === 'host' || name === undefined ? h : 'link ' + name + (v.network !== undefined ? ' ' + h : '') });
    }
    this.indices = this.changes.map((change) => change.index);
  }

  after(count) {
    const down = new Set(), to = lowerBound(this.indices, count);
    for (let i = 0; i < to; i++) {
      if (this.changes[i].on) down.add(this.changes[i].key);
      else down.delete(this.changes[i].key);
    }
    return down;
  }

  isLinkDown(down, name, host) {
    return down.has('link ' + name) || down.has('link ' + name + ' ' + host) || down.has(host);
  }

  isOffline(down, host) {
    const links = this.links.get(host) || [];
    return down.has(host) || (links.length > 0 && links.every((name) => this.isLinkDown(down, name, host)));
  }
}

/* Messages that a host has shown, or would have liked to, up to count events. */
export function knownAt(run, host, count) {
  const known = new Set();
  for (let i = 0; i < count; i++) {
    const event = run.app[i];
    if (event.h === host && /^(message\.(shown|unavailable)|user\.select)$/.test(event.e) && event.v.message) known.add(String(event.v.message));
  }
  return known;
}

/* The content of a message as a host had it at time t: the newest that came to it, else what it sent. */
export function contentAt(run, id, host, t) {
  let best = null;
  for (const message of run.messages) {
    if (message.id !== id || message.t > t) continue;
    if (message.h === host) best = message;
    else if (!best && message.from === host) best = message;
  }
  return best;
}

/* The states of both ends of a connection at t. */
export function statesAt(run, conn, t) {
  const { states } = run, out = new Map();
  for (let i = 0; i < states.n && states.t[i] <= t; i++) if (states.c[i] === conn) out.set(states.h[i], run.words[states.to[i]]);
  return out;
}
