/* marks.js: the shapes of packets. Shape and label tell them apart, colour comes second: the same path on canvas, in SVG and in the
 * legend. */
export const PATHS = {
  syn: { d: 'M-7 6L0 -7L7 6Z', fill: true },
  synack: { d: 'M-7 6L0 -7L7 6ZM0 -1.5A2.2 2.2 0 1 0 0 2.9A2.2 2.2 0 1 0 0 -1.5Z', fill: true, rule: 'evenodd' },
  psh: { d: 'M-8 -5.5H8V5.5H-8ZM-8 -5.5L0 1L8 -5.5', paper: true },
  ack: { d: 'M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z', fill: true },
  fin: { d: 'M-5.5 -5.5H5.5V5.5H-5.5Z', paper: true },
  rst: { d: 'M-6 -6L6 6M6 -6L-6 6' },
  udp: { d: 'M0 -7L7 0L0 7L-7 0Z', fill: true },
  icmp: { d: 'M-4 -6.5H4L7.5 0L4 6.5H-4L-7.5 0Z', paper: true },
  arp: { d: 'M0 -7L7 0L0 7L-7 0Z', paper: true },
};
export const COLOUR_OF = { syn: 'syn', synack: 'syn', psh: 'psh', ack: 'ack', fin: 'fin', rst: 'rst', udp: 'udp', icmp: 'rst', arp: 'udp' };

const made = {};

export function drawMark(ctx, shape, x, y, colours, { size = 1, dashed = false } = {}) {
  const path = PATHS[shape], colour = colours[COLOUR_OF[shape]];
  made[shape] ||= new Path2D(path.d);
  ctx.save();
  ctx.translate(x, y);
  ctx.scale(size, size);
  ctx.lineWidth = shape === 'rst' ? 3 : 1.8;
  ctx.lineJoin = 'round';
  ctx.strokeStyle = colour;
  ctx.fillStyle = path.fill ? colour : colours.bg;
  if (dashed) {
    ctx.fillStyle = colours.bg;
    ctx.setLineDash([3, 2]);
  }
  if (path.fill || path.paper) ctx.fill(made[shape], path.rule || 'nonzero');
  if (!path.fill || dashed) ctx.stroke(made[shape]);
  ctx.restore();
}

const NAMES = ['bg', 'panel', 'fg', 'muted', 'line', 'accent', 'syn', 'psh', 'ack', 'fin', 'rst', 'udp', 'lane', 'future', 'rwnd', 'rto'];

/* Colours by the style sheet, read once per theme. */
export function readColours() {
  const style = getComputedStyle(document.documentElement), out = {};
  for (const name of NAMES) out[name] = style.getPropertyValue('--' + name).trim() || '#888';
  return out;
}
