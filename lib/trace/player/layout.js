/* layout.js: where hosts stand on the map, and which way packets take. The same run always looks the same. No DOM.
 *
 * Hosts that have a place in the data (`at`) keep it; the others stand in columns by their distance from one end. */
const NODES_MAX = 400, COLUMN_MAX = 16;

/* {nodes: [{name, host, kind}], edges: [{a, b, name, weight}]}: hosts that are joined or talk, and networks. */
export function graphOf(run) {
  const nodes = [], byName = new Map(), edges = [];
  const add = (key, node) => {
    if (!byName.has(key)) {
      byName.set(key, nodes.length);
      nodes.push(node);
    }
    return byName.get(key);
  };
  const talks = new Set();
  for (const conn of run.conns) [conn.client, conn.server].forEach((host) => host >= 0 && talks.add(host));
  for (const event of run.app) if (event.h >= 0) talks.add(event.h);
  const many = run.hosts.length > NODES_MAX;
  for (const host of run.hosts) if (!many || talks.has(host.id)) add(host.name, { name: host.name, host: host.id, kind: host.role, known: host.known });
  for (const network of run.networks) {
    const hub = add('lan ' + network.name, { name: network.name, host: -1, kind: 'lan', known: true });
    for (const member of network.members)
      if (byName.has(member.host)) edges.push({ a: byName.get(member.host), b: hub, name: network.name, weight: (network.cable && network.cable.delay) || 1 });
  }
  for (const link of run.links)
    if (byName.has(link.a) && byName.has(link.b))
      edges.push({ a: byName.get(link.a), b: byName.get(link.b), name: link.name, weight: (link.ab && link.ab.delay) || 1, link });
  return { nodes, edges, byName, near: neighbours(nodes, edges) };
}

function neighbours(nodes, edges) {
  const near = nodes.map(() => []);
  edges.forEach((edge, e) => {
    near[edge.a].push({ to: edge.b, e });
    near[edge.b].push({ to: edge.a, e });
  });
  return near;
}

function distances(graph, start) {
  const depth = new Int32Array(graph.nodes.length).fill(-1), queue = [start];
  depth[start] = 0;
  for (let at = 0; at < queue.length; at++)
    for (const { to } of graph.near[queue[at]])
      if (depth[to] < 0) {
        depth[to] = depth[queue[at]] + 1;
        queue.push(to);
      }
  return { depth, order: queue };
}

/* One connected part as columns. It begins at a PC that is as far from everything as any. */
function columns(graph, start) {
  const all = distances(graph, start).order;
  let best = start, far = -1;
  for (const node of all.slice(0, 60)) {
    if (graph.near[node].length > 1 && all.length > 1) continue;
    const { depth } = distances(graph, node);
    const reach = Math.max(...all.map((other) => depth[other]));
    if (reach > far) {
      far = reach;
      best = node;
    }
  }
  const { depth, order } = distances(graph, best), out = [];
  for (const node of order) (out[depth[node]] ||= []).push(node);
  return out;
}

/* Less crossings: each column in the order of the places of its neighbours in the one before. */
function sortColumns(graph, list) {
  const place = new Map();
  list.forEach((column, x) => {
    if (x > 0) {
      const middle = (node) => {
        const before = graph.near[node].map(({ to }) => place.get(to)).filter((y) => y !== undefined);
        return before.length ? before.reduce((a, b) => a + b, 0) / before.length : 0.5;
      };
      const keys = new Map(column.map((node) => [node, middle(node)]));
      column.sort((a, b) => keys.get(a) - keys.get(b) || a - b);
    }
    column.forEach((node, y) => place.set(node, (y + 0.5) / column.length));
  });
}

/* Places from 0 to 1, and how many columns and rows there are. */
export function layout(run, graph) {
  const at = new Map(), seen = new Set(), parts = [], loose = [];
  graph.nodes.forEach((node, i) => {
    if (seen.has(i)) return;
    if (graph.near[i].length === 0) {
      seen.add(i);
      loose.push(i);
      return;
    }
    const list = columns(graph, i);
    list.flat().forEach((k) => seen.add(k));
    sortColumns(graph, list);
    parts.push(list.flatMap((column) => chunks(column, Math.max(COLUMN_MAX, Math.ceil(Math.sqrt(column.length))))));
  });
  if (loose.length) parts.push(chunks(loose, Math.ceil(Math.sqrt(loose.length))));
  const height = parts.reduce((sum, list) => sum + Math.max(...list.map((column) => column.length)), 0) || 1;
  const width = Math.max(1, ...parts.map((list) => list.length));
  let top = 0;
  for (const list of parts) {
    const rows = Math.max(...list.map((column) => column.length));
    list.forEach((column, x) => {
      const stagger = list.length > 4 && rows === 1 ? (x % 2 ? 0.16 : -0.16) : 0;
      column.forEach((node, y) => at.set(node, [(x + 0.5) / list.length, (top + ((y + 0.5) * rows) / column.length + stagger) / height]));
    });
    top += rows;
  }
  for (const host of run.source.hosts || []) {
    const node = graph.byName.get(host.name);
    if (node !== undefined && Array.isArray(host.at)) at.set(node, host.at.map((ppm) => ppm / 1e6));
  }
  return { at, width, height };
}

function chunks(list, size) {
  const out = [];
  for (let i = 0; i < list.length; i += size) out.push(list.slice(i, i + size));
  return out;
}

/* Ways between hosts, by the delays of links; kept. */
export class Ways {
  constructor(graph) {
    this.graph = graph;
    this.trees = new Map();
    this.ways = new Map();
  }

  tree(start) {
    if (this.trees.has(start)) return this.trees.get(start);
    const { graph } = this, cost = new Float64Array(graph.nodes.length).fill(Infinity), back = new Int32Array(graph.nodes.length).fill(-1);
    const open = new Set([start]);
    cost[start] = 0;
    while (open.size) {
      let node = -1;
      for (const k of open) if (node < 0 || cost[k] < cost[node]) node = k;
      open.delete(node);
      for (const { to, e } of graph.near[node]) {
        const sum = cost[node] + graph.edges[e].weight + 1;
        if (sum < cost[to]) {
          cost[to] = sum;
          back[to] = e;
          open.add(to);
        }
      }
    }
    this.trees.set(start, back);
    return back;
  }

  /* {nodes, edges, sums}: sums are shares of the way at which each node is reached. Without a way the line is straight. */
  between(a, b) {
    const key = a * 65536 + b;
    if (this.ways.has(key)) return this.ways.get(key);
    const back = this.tree(a), nodes = [b], edges = [];
    for (let node = b; node !== a && back[node] >= 0;) {
      const edge = this.graph.edges[back[node]];
      edges.unshift(back[node]);
      node = edge.a === node ? edge.b : edge.a;
      nodes.unshift(node);
    }
    const way = nodes[0] === a ? { nodes, edges } : { nodes: [a, b], edges: [-1] };
    const weights = way.edges.map((e) => (e >= 0 ? Math.max(1, this.graph.edges[e].weight) : 1));
    const whole = weights.reduce((x, y) => x + y, 0) || 1, floor = 0.25 / weights.length;
    const shares = weights.map((w) => floor + (0.75 * w) / whole);
    way.sums = [0];
    shares.forEach((share, i) => way.sums.push(way.sums[i] + share));
    this.ways.set(key, way);
    return way;
  }
}
