/* mailbox.js: every store of every host at this moment: messages as envelopes. Solid: a lasting copy; dotted: one that ends with the
 * session; grey with a bar: known, but out of reach. This alone tells POP from IMAP. */
import { el, fill } from './dom.js';
import { textAt } from './data.js';
import { contentAt, eventCount, knownAt } from './state.js';
import { visible } from './format.js';

/* The mail as it was on the wire: SMTP and POP3 end it with a dot and double those in front of lines. */
export function unstuff(text, port) {
  if (port === 143 || port === 993 || !/(^|\r\n)\.\r\n$/.test(text)) return text;
  return text.replace(/\.\r\n$/, '').replace(/(^|\r\n)\.\./g, '$1.');
}

/* {headers: [[name, value]], body}. Encoded words and bodies stay as they are: what a host has are these bytes. */
export function splitMail(text) {
  const at = text.search(/\r?\n\r?\n/), head = at >= 0 ? text.slice(0, at) : text, headers = [];
  for (const line of head.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (/^[ \t]/.test(line) && headers.length) headers[headers.length - 1][1] += ' ' + line.trim();
    else if (colon > 0) headers.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return { headers, body: at >= 0 ? text.slice(at).replace(/^\r?\n\r?\n/, '') : '' };
}

export class MailboxView {
  constructor(app, root) {
    this.app = app;
    this.root = root;
    this.shown = '';
    this.open = new Set();
  }

  update() {
    const { app } = this, count = eventCount(app.story, app.s), key = [count, app.words.lang].join();
    if (this.shown === key) return;
    this.shown = key;
    fill(this.root, ...this.boxes(count));
  }

  boxes(count) {
    const { app } = this, { run, words: w } = app, stores = app.stores.after(count), down = app.trouble.after(count), byHost = new Map();
    for (const store of stores) byHost.set(store.host, [...(byHost.get(store.host) || []), store]);
    const out = [];
    for (const host of run.hosts) {
      const offline = app.trouble.isOffline(down, host.id), list = byHost.get(host.id) || [];
      const held = new Set(list.flatMap((store) => [...store.items.keys()]));
      const away = offline ? [...knownAt(run, host.id, count)].filter((id) => !held.has(id)) : [];
      if (!list.length && !away.length) continue;
      out.push(el('section', { class: 'box-host' },
        el('h2', { text: app.format.host(host.id) + (offline ? ' – ' + w.ui('offline') : '') }),
        ...list.map((store) => this.store(store)), away.length ? this.away(host.id, away) : null));
    }
    return out.length ? out : [el('p', { class: 'hint', text: w.ui('no_mail') })];
  }

  store(store) {
    const { app } = this, items = [...store.items.values()];
    return el('div', { class: 'box' }, el('h3', { text: visible(store.box) || app.words.ui('mailbox') }),
      items.length ? el('ul', { class: 'mails' }, ...items.map((item) => el('li', {}, this.mail(store.host, item)))) : el('p', { class: 'hint', text: app.words.ui('empty') }));
  }

  away(host, ids) {
    const w = this.app.words;
    return el('div', { class: 'box' }, el('h3', { text: w.ui('out_of_reach') }),
      el('ul', { class: 'mails' }, ...ids.map((id) => el('li', {}, el('span', { class: 'mail away' }, el('span', { class: 'envelope', 'aria-hidden': 'true', text: '✉' }), visible(id))))));
  }

  mail(host, item) {
    const { app } = this, w = app.words, message = contentAt(app.run, item.id, host, app.story.timeOf(app.s)), key = host + ' ' + item.id;
    const content = message ? textAt(app.run.contents, message.x) : null, text = content ? unstuff(content.text, app.run.conns[message.c].sport) : '';
    const { headers, body } = splitMail(text), subject = headers.find(([name]) => /^subject$/i.test(name));
    const details = el('details', { class: 'mail' + (item.durable ? '' : ' passing'), ontoggle: () => (details.open ? this.open.add(key) : this.open.delete(key)) },
      el('summary', {}, el('span', { class: 'envelope', 'aria-hidden': 'true', text: '✉' }), visible(item.id) + (subject ? ' – ' + visible(subject[1]) : ''), el('span', { class: 'kind', text: w.ui(item.durable ? 'lasting' : 'passing') })),
      message ? null : el('p', { class: 'hint', text: w.ui('never_seen') }),
      message ? el('dl', { class: 'facts' }, ...headers.flatMap(([name, value]) => [el('dt', { text: visible(name) }), el('dd', { text: visible(value) })])) : null,
      message ? el('pre', { class: 'payload', tabindex: '0', text: body.split('\n').map((line) => visible(line.replace(/\r$/, ''))).join('\n') }) : null,
      content && content.cut ? el('p', { class: 'hint', text: w.ui('cut', { n: content.cut }) }) : null);
    if (this.open.has(key)) details.open = true;
    return details;
  }
}
