/* pair.js: the story of two runs on one cursor. In story time they are aligned by the numbers of steps, and a step takes as long as the
 * run that shows it longer; in clock time they are aligned by simulated time. Answers what Story answers. No DOM. */
import { lowerBound, upperBound } from './time.js';

export class Pair {
  constructor(stories, byClock) {
    this.stories = stories;
    this.byClock = byClock;
    this.second = byClock ? 1e9 : 1000;
    this.knots = stories.map((story) => this.knotsOf(story, Math.max(...stories.map(({ stepS }) => stepS.length))));
    this.common = [0];
    for (let k = 1; k < this.knots[0].length; k++) this.common.push(this.common[k - 1] + Math.max(...this.knots.map((own) => own[k] - own[k - 1])));
    const last = Math.max(...stories.map((story) => story.timeOf(story.end)));
    this.end = byClock ? last : this.common[this.common.length - 1];
    this.stepS = byClock ? this.stepsByClock() : Float64Array.from(this.common.slice(1, -1));
    this.breaks = [];
    this.rowEnds = Float64Array.from(stories.flatMap((story, at) => [...story.rowEnds].map((s) => this.fromOwn(at, s)))).sort();
  }

  /* Where steps end in one story. A run with fewer steps ends in the first that it lacks, and waits there. */
  knotsOf(story, steps) {
    const out = [0];
    for (let n = 1; n <= steps; n++) out.push(n <= story.stepS.length ? story.stepS[n - 1] : story.end);
    out.push(story.end);
    return out;
  }

  /* By the clock a step ends where it ends in the slower run. */
  stepsByClock() {
    const out = new Float64Array(this.knots[0].length - 2);
    for (let n = 1, last = 0; n <= out.length; n++) {
      for (const story of this.stories) if (n <= story.stepS.length) last = Math.max(last, story.timeOf(story.stepS[n - 1]));
      out[n - 1] = last;
    }
    return out;
  }

  /* The moment of one run at a common one, and back. */
  toOwn(at, u) {
    return this.byClock ? this.stories[at].storyLast(u) : along(this.common, this.knots[at], u);
  }

  fromOwn(at, s) {
    return this.byClock ? this.stories[at].timeOf(s) : along(this.knots[at], this.common, s);
  }

  /* Simulated time of the first run, in which all are when the clock aligns them. */
  timeOf(u) {
    return this.byClock ? u : this.stories[0].timeOf(this.toOwn(0, u));
  }

  storyLast(t) {
    return this.byClock ? Math.min(this.end, Math.max(0, t)) : this.fromOwn(0, this.stories[0].storyLast(t));
  }

  stepAt(u) {
    let n = u <= 0 ? 0 : Math.min(this.stepS.length, lowerBound(this.stepS, u - 0.25) + 1);
    while (n > 0 && this.stepS[n] === this.stepS[n - 1]) n++; /* one run has ended: the rest are at one moment */
    return n;
  }

  stepEnd(n) {
    return n <= 0 ? 0 : this.stepS[Math.min(n, this.stepS.length) - 1] ?? this.end;
  }
}

/* From one list of knots to another, straight between them. At the end of a run that waits there: to where it begins to wait. */
function along(from, to, x) {
  const k = upperBound(from, x);
  if (k === 0) return to[0];
  if (k === from.length) return to[lowerBound(from, Math.min(x, from[k - 1]))];
  return to[k - 1] + ((to[k] - to[k - 1]) * (x - from[k - 1])) / (from[k] - from[k - 1]);
}
