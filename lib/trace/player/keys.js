/* keys.js: the keyboard, and the help that lists it. Single letters act only where no text is written, and can be switched off (WCAG
 * 2.1.4). */
import { el } from './dom.js';

export const KEYS = [
  ['Space, K', 'k_play'], ['←, →', 'k_step'], [', .', 'k_segment'], ['Shift+←, Shift+→', 'k_second'], ['Home, End', 'k_ends'], ['- +', 'k_speed'], ['T', 'k_mode'],
  ['P', 'k_pause'], ['1–4', 'k_tabs'], ['L, M', 'k_focus'], ['Enter', 'k_enter'], ['Esc', 'k_close'], ['/', 'k_search'], ['F', 'k_filter'], ['C', 'k_follow'], ['D', 'k_theme'], ['E', 'k_export'], ['?', 'k_help'],
];

export function helpTable(app) {
  return el('table', { class: 'keys' }, el('tbody', {}, ...KEYS.map(([keys, word]) => el('tr', {}, el('th', { scope: 'row' }, el('kbd', { text: keys })), el('td', { text: app.words.ui(word) })))));
}

const LETTERS = {
  k: (app) => app.toggle(), t: (app) => app.setMode(app.mode === 'story' ? 'clock' : 'story'), p: (app) => app.setPause(!app.pauseAtSteps),
  l: (app) => app.ladder.scroller.focus(), m: (app) => app.map.root.focus(), '/': (app) => app.search(), f: (app) => app.togglePanel('filter'), c: (app) => app.follow(),
  d: (app) => app.nextTheme(), e: (app) => app.togglePanel('export'), '?': (app) => app.togglePanel('help'), ',': (app) => app.goRow(-1), '.': (app) => app.goRow(1),
  '-': (app) => app.faster(-1), '+': (app) => app.faster(1), 1: (app) => app.openTab('segment', true), 2: (app) => app.openTab('plot', true), 3: (app) => app.openTab('mailboxes', true), 4: (app) => app.openTab('table', true),
};

export function onKey(app, event) {
  const { target, key } = event, tag = target.tagName, typing = (tag === 'INPUT' && target.type !== 'range' && target.type !== 'checkbox') || tag === 'TEXTAREA' || tag === 'SELECT';
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (key === 'Escape') {
    if (typing) target.blur();
    else app.escape();
    return;
  }
  if (typing) return;
  let act = null;
  if (key === 'ArrowLeft' || key === 'ArrowRight') {
    const by = key === 'ArrowRight' ? 1 : -1;
    if (target.getAttribute('role') === 'tab') return;
    act = event.shiftKey ? () => app.seek(app.s + by * app.story.second, true) : () => app.goStep(by);
  } else if (key === 'Home') act = () => app.seek(0, true);
  else if (key === 'End') act = () => app.seek(app.story.end, true);
  else if (key === ' ' && !/^(BUTTON|SUMMARY|A)$/.test(tag) && target.type !== 'checkbox') act = () => app.toggle();
  else if (app.letters && LETTERS[key.toLowerCase()] && !(tag === 'PRE' && key === ' ')) act = () => LETTERS[key.toLowerCase()](app);
  if (!act) return;
  event.preventDefault();
  act();
}
