/* time.js: story time: a clock for people. Monotone and piecewise linear over simulated time, made once. No DOM.
 *
 * A flight takes 450 to 1200 ms on the screen, however fast it was; gaps in which nothing flies are folded to 400 ms; each step ends
 * with a rest, in which simulated time stands still; a crowd of segments shows its first three and last two and streams between.
 * What two instants have in common is the place: storyFirst is where an instant begins, storyLast where it ends. */
const FLIGHT_MS = 1100, GAP_MS = 400, REST_MS = 500, CROWD = 8, CROWD_MS = 2000, STORY_MS = 300000;

function uniqueTimes(run) {
  const { seg, app } = run, all = new Float64Array(2 * seg.n + app.length + 2);
  let n = 0;
  all[n++] = 0;
  all[n++] = run.end;
  for (let i = 0; i < seg.n; i++) {
    all[n++] = seg.t[i];
    all[n++] = seg.end[i];
  }
  for (const event of app) all[n++] = event.t;
  all.sort();
  let count = 1;
  for (let i = 1; i < n; i++) if (all[i] !== all[count - 1]) all[count++] = all[i];
  return all.slice(0, count);
}

/* First index whose value is >= x. */
export function lowerBound(list, x, from = 0, to = list.length) {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (list[middle] < x) from = middle + 1;
    else to = middle;
  }
  return from;
}
export function upperBound(list, x, from = 0, to = list.length) {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (list[middle] <= x) from = middle + 1;
    else to = middle;
  }
  return from;
}

function typicalFlight(seg) {
  const flights = [];
  for (let i = 0; i < seg.n; i += Math.max(1, Math.floor(seg.n / 2000))) if (seg.end[i] > seg.t[i]) flights.push(seg.end[i] - seg.t[i]);
  flights.sort((a, b) => a - b);
  return flights.length ? flights[flights.length >> 1] : 0;
}

/* Display milliseconds of each interval between times. Flights are counted by powers of two of their length: the longest
 * that is under way decides. */
function durations(run, times, breaks) {
  const { seg } = run, n = times.length, begins = new Map(), out = new Float64Array(n), flying = new Int32Array(64);
  const classOf = (length) => Math.min(63, Math.max(0, Math.floor(Math.log2(length))));
  const ends = [];
  for (let i = 0; i < seg.n; i++) if (seg.end[i] > seg.t[i]) ends.push(i);
  const byEnd = Int32Array.from(ends).sort((a, b) => seg.end[a] - seg.end[b]);
  const typical = typicalFlight(seg);
  let next = 0, done = 0, count = 0;
  for (let k = 0; k + 1 < n; k++) {
    for (; next < seg.n && seg.t[next] <= times[k]; next++)
      if (seg.end[next] > seg.t[next]) {
        flying[classOf(seg.end[next] - seg.t[next])]++;
        count++;
      }
    for (; done < byEnd.length && seg.end[byEnd[done]] <= times[k]; done++) {
      flying[classOf(seg.end[byEnd[done]] - seg.t[byEnd[done]])]--;
      count--;
    }
    const dt = times[k + 1] - times[k];
    if (count > 0) {
      let top = 63;
      while (top > 0 && flying[top] === 0) top--;
      out[k] = (dt * FLIGHT_MS) / 2 ** (top + 1);
    } else {
      const whole = typical > 0 ? (dt * FLIGHT_MS) / (1.5 * typical) : GAP_MS;
      out[k] = Math.min(GAP_MS, whole);
      if (whole > GAP_MS) breaks.push(k);
    }
  }
  return out;
}

function stepTime(run, step) {
  if (!step.ok) return -1;
  return step.app !== undefined ? run.app[step.app].t : run.seg.end[step.seg];
}

/* Stretches between ends of steps and folded gaps; the crowd in each is compressed. */
function compress(run, times, out, breaks, ends) {
  const { seg } = run, borders = [...ends, ...breaks.map((k) => times[k]), Infinity].sort((a, b) => a - b);
  let row = 0;
  for (const border of borders) {
    const first = row;
    while (row < seg.n && seg.t[row] < border) row++;
    if (row - first <= CROWD) continue;
    const from = lowerBound(times, seg.end[first + 2]), to = lowerBound(times, seg.t[row - 2]);
    let length = 0;
    for (let k = from; k < to; k++) length += out[k];
    if (length > CROWD_MS) for (let k = from; k < to; k++) out[k] *= CROWD_MS / length;
  }
}

export class Story {
  constructor(run) {
    const times = uniqueTimes(run), breaks = [], out = durations(run, times, breaks);
    const order = run.steps.map((step, i) => ({ i, t: stepTime(run, step) })).filter((step) => step.t >= 0);
    order.sort((a, b) => a.t - b.t || a.i - b.i);
    compress(run, times, out, breaks, order.map((step) => step.t));
    let total = order.length * REST_MS;
    for (const length of out) total += length;
    this.scale = total > STORY_MS ? STORY_MS / total : 1;
    this.build(run, times, out, order);
    this.breaks = breaks.map((k) => (this.storyLast(times[k]) + this.storyFirst(times[k + 1])) / 2);
    this.place(run);
  }

  build(run, times, out, order) {
    const T = [], S = [], rest = new Map(), stepS = new Float64Array(run.steps.length).fill(-1);
    let s = 0, next = 0;
    for (let k = 0; k < times.length; k++) {
      T.push(times[k]);
      S.push(s);
      const from = s;
      for (; next < order.length && order[next].t <= times[k]; next++) {
        const step = run.steps[order[next].i];
        const key = step.app ?? -1 - step.seg;
        if (!rest.has(key)) rest.set(key, s);
        s += REST_MS * this.scale;
        stepS[order[next].i] = s;
      }
      if (s > from) {
        T.push(times[k]);
        S.push(s);
      }
      s += out[k] * this.scale;
    }
    this.T = Float64Array.from(T);
    this.S = Float64Array.from(S);
    this.end = S[S.length - 1];
    /* told order is that of the numbers; what was not seen stands just behind the step in front of it */
    for (let i = 0, last = 0; i < stepS.length; i++) {
      if (stepS[i] <= last) stepS[i] = last + 1;
      last = stepS[i];
      this.end = Math.max(this.end, last);
    }
    this.stepS = stepS;
    this.rest = rest;
  }

  place(run) {
    const { seg, app } = run;
    this.s0 = new Float64Array(seg.n);
    this.s1 = new Float64Array(seg.n);
    this.s2 = new Float64Array(seg.n);
    this.longest = 0;
    for (let i = 0; i < seg.n; i++) {
      /* what takes no time belongs to the rest of its own step */
      const at = seg.end[i] > seg.t[i] ? this.storyLast(seg.t[i]) : this.rest.get(-1 - i) ?? this.storyFirst(seg.t[i]);
      this.s0[i] = i > 0 ? Math.max(this.s0[i - 1], at) : at;
      this.s1[i] = Math.max(this.s0[i], this.storyFirst(seg.end[i]));
      this.s2[i] = Math.max(this.s1[i], this.storyLast(seg.end[i]));
      this.longest = Math.max(this.longest, this.s2[i] - this.s0[i]);
    }
    this.appS = new Float64Array(app.length);
    for (let i = 0, last = 0; i < app.length; i++) last = this.appS[i] = Math.max(last, this.rest.get(i) ?? this.storyFirst(app[i].t));
    this.rowEnds = Float64Array.from(this.s1).sort();
    this.second = 1000;
  }

  storyFirst(t) {
    const k = lowerBound(this.T, t);
    if (k >= this.T.length) return this.end;
    return this.T[k] === t || k === 0 ? this.S[k] : this.between(k, t);
  }

  storyLast(t) {
    const k = upperBound(this.T, t);
    if (k === 0) return 0;
    if (k >= this.T.length || this.T[k - 1] === t) return this.S[k - 1];
    return this.between(k, t);
  }

  between(k, t) {
    return this.S[k - 1] + ((this.S[k] - this.S[k - 1]) * (t - this.T[k - 1])) / (this.T[k] - this.T[k - 1]);
  }

  timeOf(s) {
    const k = lowerBound(this.S, s);
    if (k === 0) return this.T[0];
    if (k >= this.S.length) return this.T[this.T.length - 1];
    const span = this.S[k] - this.S[k - 1];
    return span > 0 ? this.T[k - 1] + ((this.T[k] - this.T[k - 1]) * (s - this.S[k - 1])) / span : this.T[k];
  }

  /* 0 in front of everything, n while step n is under way and at its end. */
  stepAt(s) {
    if (s <= 0) return 0;
    return Math.min(this.stepS.length, lowerBound(this.stepS, s - 0.25) + 1);
  }

  stepEnd(n) {
    return n <= 0 ? 0 : this.stepS[Math.min(n, this.stepS.length) - 1] ?? this.end;
  }
}
