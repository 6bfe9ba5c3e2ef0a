/* pure.mjs ROOT FILES: the modules of the player that know no page, by properties, over real runs and a made one. */
import { readFileSync } from 'node:fs';
import { decode, PlayError, acknowledgedBy, acknowledges, shapeOf } from './data.js';
import { Story } from './time.js';
import { Pair } from './pair.js';
import { inFlight, Stores, eventCount } from './state.js';
import { Words } from './words.js';
import { graphOf, layout, Ways } from './layout.js';
import { unstuff, splitMail } from './mailbox.js';
import { visible, duration } from './format.js';

let checks = 0;
function check(holds, what) {
  checks++;
  if (!holds) throw new Error(what);
}
/* A small generator, so that every run draws the same. */
let seed = 1;
const random = () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648);

function checkRun(name, data) {
  const run = decode(data), story = new Story(run), stores = new Stores(run);
  check(run.seg.n === data.runs[0].seg.n, name + ': all segments');
  for (let k = 1; k < story.T.length; k++) check(story.T[k] >= story.T[k - 1] && story.S[k] >= story.S[k - 1], name + ': the story is monotone');
  for (let k = 1; k < story.stepS.length; k++) check(story.stepS[k] > story.stepS[k - 1], name + ': steps follow each other');
  check(story.end <= 300000 + 1 + run.steps.length, name + ': at most five minutes');
  for (let k = 0; k < 300; k++) {
    const t = random() * run.end, s = story.storyLast(t);
    check(Math.abs(story.timeOf(s) - t) <= 1e-6 * run.end + 1, name + ': the story can be turned round');
    check(story.storyFirst(t) <= s, name + ': an instant begins before it ends');
    const at = random() * story.end, n = story.stepAt(at);
    check(n === run.steps.length || story.stepEnd(n) >= at - 0.3, name + ': a step ends behind what is in it');
    const some = inFlight(run, story, at), all = [];
    for (let i = 0; i < run.seg.n; i++) if (story.s0[i] < at && at <= story.s2[i]) all.push(i);
    check(all.every((i) => some.some((row) => row.i === i)), name + ': nothing under way is missed');
    check(some.every(({ p }) => p >= 0 && p <= 1), name + ': shares are shares');
  }
  for (let i = 0; i < run.seg.n; i++) {
    const by = acknowledgedBy(run, i), of = acknowledges(run, i);
    check(by < 0 || run.seg.t[by] >= run.seg.end[i], name + ': acknowledged later');
    check(of < 0 || run.seg.t[of] <= run.seg.t[i], name + ': acknowledges earlier');
    check(shapeOf(run, i), name + ': has a shape');
  }
  /* state after random seeks is what a replay from the start gives */
  const flat = (list) => JSON.stringify(list.map((box) => [box.host, box.box, [...box.items.keys()]]));
  for (let k = 0; k < 40; k++) {
    const count = Math.floor(random() * (run.app.length + 1)), direct = flat(stores.after(count)), fresh = new Stores(run);
    check(direct === flat(fresh.after(count)), name + ': the same by any way');
  }
  check(eventCount(story, story.end) === run.app.length, name + ': all has happened at the end');
  const graph = graphOf(run), places = layout(run, graph), ways = new Ways(graph);
  check([...places.at.values()].every(([x, y]) => x >= 0 && x <= 1 && y >= 0 && y <= 1), name + ': on the map');
  check(JSON.stringify([...layout(run, graphOf(run)).at]) === JSON.stringify([...places.at]), name + ': always the same map');
  for (const conn of run.conns) {
    if (conn.server < 0) continue;
    const way = ways.between(graph.byName.get(run.names[conn.client]), graph.byName.get(run.names[conn.server]));
    check(Math.abs(way.sums[way.sums.length - 1] - 1) < 1e-9, name + ': a way is whole');
  }
  return run;
}

function many(n) {
  const seg = { n, t: [], d: [], c: [], up: [], num: [], f: [], seq: [], ack: [], win: [], len: [], x: [], u: [], o: {} };
  for (let i = 0; i < n; i++) {
    seg.t.push(i ? Math.floor(random() * 200000) : 0);
    seg.d.push(random() < 0.01 ? -1 : 10000000 + Math.floor(random() * 5e6));
    seg.c.push(i % 20);
    seg.up.push(i & 1);
    for (const name of ['num', 'f', 'seq', 'ack', 'win', 'len', 'x', 'u']) seg[name].push(name === 'f' ? 16 : name === 'num' ? i + 1 : 0);
  }
  const names = Array.from({ length: 21 }, (_, k) => 'h' + k);
  return { schema: 'mailsim.play/1', producer: 'test', runs: [{ topology: 'many', end_ns: 40e9, names, conns: names.slice(1).map((_, k) => ({ proto: 'tcp', client: 0, server: k + 1, number: 1, sport: 25 })), text: [''], units: [''], words: [], seg, app: [], steps: [] }], strings: {} };
}

/* Two runs on one cursor: monotone, turned round, aligned by steps or by time. */
function checkPair(name, sources) {
  const runs = sources.map((data) => decode(data)), stories = runs.map((run) => new Story(run)), story = new Pair(stories, false), clock = new Pair(stories, true), steps = Math.max(...stories.map(({ stepS }) => stepS.length));
  check(story.stepS.length === steps && clock.stepS.length === steps, name + ': the steps of the longer run');
  for (let n = 1; n <= steps; n++) {
    const u = story.stepEnd(n);
    check(story.stepAt(u) === n && u > story.stepEnd(n - 1), name + ': steps follow each other');
    stories.forEach((own, at) => check(n > own.stepS.length ? Math.abs(story.toOwn(at, u) - own.end) < 1e-6 : Math.abs(story.toOwn(at, u) - own.stepS[n - 1]) < 1e-6, name + ': both are at the end of step ' + n));
  }
  stories.forEach((own, at) => {
    check(Math.abs(story.toOwn(at, story.end) - own.end) < 1e-6 && Math.abs(own.timeOf(clock.toOwn(at, clock.end)) - runs[at].end) < 2, name + ': both come to their end');
    for (let k = 0, last = 0, lastTime = 0; k <= 400; k++) {
      const s = story.toOwn(at, (story.end * k) / 400), t = own.timeOf(clock.toOwn(at, (clock.end * k) / 400)), back = story.fromOwn(at, (own.end * k) / 400);
      check(s >= last && t >= lastTime, name + ': monotone');
      check(Math.abs(story.toOwn(at, back) - (own.end * k) / 400) < 1e-6, name + ': can be turned round');
      check(Math.abs(t - Math.min((clock.end * k) / 400, runs[at].end)) < 2, name + ': by the clock both are at one time');
      last = s;
      lastTime = t;
    }
  });
  check(story.rowEnds.length === runs[0].seg.n + runs[1].seg.n && story.rowEnds.every((s, k) => s <= story.end && (k === 0 || s >= story.rowEnds[k - 1])), name + ': the packets of both');
}

const [root, ...files] = process.argv.slice(2);
for (const file of files) checkRun(file, JSON.parse(readFileSync(file, 'utf8')));
checkRun('many', many(20000));
for (const [k, file] of files.entries()) checkPair(file, [file, files[(k + 1) % files.length]].map((name) => JSON.parse(readFileSync(name, 'utf8'))));
checkPair('many', [many(10), JSON.parse(readFileSync(files[0], 'utf8'))]);
check(decode({ ...many(3), runs: [many(3).runs[0], { ...many(3).runs[0], title: 'second' }] }, 1).title === 'second', 'the second run');

for (const [change, key] of [[(d) => { d.schema = 'mailsim.play/2'; }, 'error_schema'], [(d) => { d.runs[0].seg.t.pop(); }, 'error_columns'], [(d) => { d.runs[0].seg.c[0] = 99; }, 'error_columns'], [(d) => { d.runs = []; }, 'error_columns']]) {
  const data = many(10);
  change(data);
  let told = '';
  try {
    decode(data);
  } catch (error) {
    told = error instanceof PlayError ? error.key : String(error);
  }
  check(told === key, 'damaged data is refused: ' + told);
}

/* words: the same keys in all languages, and no caption longer than 140 characters */
const tables = Object.fromEntries(['en', 'de'].map((lang) => [lang, JSON.parse(readFileSync(`${root}/lib/trace/player/strings/${lang}.json`, 'utf8'))]));
check(JSON.stringify(Object.keys(tables.en).sort()) === JSON.stringify(Object.keys(tables.de).sort()), 'all languages have the same keys');
for (const key of Object.keys(tables.en)) check((tables.en[key].match(/\{\w+\}/g) || []).sort().join() === (tables.de[key].match(/\{\w+\}/g) || []).sort().join(), 'the same values in ' + key);
const source = readFileSync(`${root}/topologies/scenes/strings/en.yaml`, 'utf8') + readFileSync(`${root}/topologies/scenes/strings/de.yaml`, 'utf8');
for (const line of source.split('\n')) check(line.trim().replace(/^\w+: /, '').length <= 140, 'a caption is short: ' + line);
const words = new Words(tables, { strings: { '': { 'a.1': 'own' }, de: { 'a.1': 'deutsch' } }, translations: [{ lang: 'fr', ui: { play: 'Lecture' }, term: { h: 'H' }, dir: 'ltr' }] });
const both = new Words(tables, { strings: { en: { 'a.1': 'first' } }, runs: [{}, { strings: { '': { 'b.1': 'plain' }, en: { 'a.1': 'other', 'b.1': 'second' } } }] });
check(both.scene('b.1') === 'second' && both.scene('a.1') === 'first' && both.own['b.1'] === 'plain', 'the words of both scenes');
words.use('fr-CA');
check(words.ui('play') === 'Lecture' && words.ui('pause') === 'Pause' && words.term('h') === 'H' && words.scene('a.1') === 'own', 'the order of languages');
words.use('de');
check(words.scene('a.1') === 'deutsch' && words.ui('rows', { n: 1 }) === '1 Zeile' && words.ui('rows', { n: 3 }) === '3 Zeilen', 'plurals');
check(words.ui('no such key') === 'no such key', 'a key stands for what is missing');

check(unstuff('A: b\r\n\r\n..x\r\n.\r\n', 25) === 'A: b\r\n\r\n.x\r\n' && unstuff('..\r\n', 143) === '..\r\n', 'dots');
check(splitMail('A: b\r\n c\r\nD: e\r\n\r\nbody').headers.length === 2 && splitMail('x').body === '', 'headers');
check(!/[\u0000-\u001f\u202e\u2028]/.test(visible('\u0000a\u202e\u2028\u001b[1m')), 'what steers is not shown');
check(duration(1500000) === '1.5 ms' && duration(90e9) === '90 s' && duration(93784e9) === '1 d 2 h', 'durations');
console.log(`${files.length} runs, ${checks} checks`);
