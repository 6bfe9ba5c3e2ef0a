/* looks.mjs: three pictures of the player, light and dark, against those in looks/: the map, the ladder, the plot, each at a moment. Other
 * browsers and other fonts draw otherwise, so they are compared only where both are those they were made with; made-with.txt says which.
 * As a program (looks.mjs PAGES FOLDER) it makes them anew: sh tests/player/player.sh looks MAILSIM ROOT WORK. */
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LOOKS = [['map', 'mail-send', '#step=5&view=segment', '.map'], ['ladder', 'mail-receive-pop', '#step=8&seg=20', '.ladder'], ['plot', 'lost-250', '#view=plot&seg=30', '.plot-area']];
const FAR = 40, SHARE = 0.004; /* a colour that differs by so much of 255; how many pixels may */

async function shoot(browser, pages, [, name, hash, what], colorScheme) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 }, colorScheme, locale: 'en', offline: true }), page = await context.newPage();
  await page.goto('file://' + join(pages, name + '.html') + hash);
  await page.waitForTimeout(150);
  await page.evaluate(() => {
    cancelAnimationFrame(mailsim.framed);
    mailsim.frame(performance.now());
  });
  const png = await page.locator(what).first().screenshot();
  await context.close();
  return png;
}

/* The browser's number, and the width of a line in its fonts. */
async function drawnBy(browser) {
  const page = await browser.newPage();
  const width = await page.evaluate(() => {
    const ctx = document.createElement('canvas').getContext('2d'), widths = [];
    for (const font of ['12px system-ui, sans-serif', 'bold 15px system-ui, sans-serif', '13px monospace']) {
      ctx.font = font;
      widths.push(ctx.measureText('PC A pushes the mail to ISP X (PSH). 0123456789').width.toFixed(2));
    }
    return widths.join(' ');
  });
  await page.close();
  return `Chromium ${browser.version().split('.')[0]}, widths ${width}`;
}

/* How many pixels differ, of how many; -1: another size. */
async function differing(browser, one, other) {
  const page = await browser.newPage();
  const seen = await page.evaluate(async ([texts, far]) => {
    const pixels = [];
    for (const text of texts) {
      const image = new Image();
      image.src = 'data:image/png;base64,' + text;
      await image.decode();
      const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height }), ctx = canvas.getContext('2d');
      ctx.drawImage(image, 0, 0);
      pixels.push(ctx.getImageData(0, 0, image.width, image.height));
    }
    const [a, b] = pixels;
    if (a.width !== b.width || a.height !== b.height) return [-1, 1];
    let count = 0;
    for (let i = 0; i < a.data.length; i += 4) if ([0, 1, 2].some((k) => Math.abs(a.data[i + k] - b.data[i + k]) > far)) count++;
    return [count, a.data.length / 4];
  }, [[one, other].map((png) => png.toString('base64')), FAR]);
  await page.close();
  return seen;
}

export async function compareLooks(browser, pages, folder, work, check) {
  const wanted = readFileSync(join(folder, 'made-with.txt'), 'utf8').trim(), here = await drawnBy(browser);
  if (wanted !== here) return `pictures are not compared: they were made with ${wanted}; here is ${here}`;
  for (const look of LOOKS)
    for (const scheme of ['light', 'dark']) {
      const file = `${look[0]}-${scheme}.png`, png = await shoot(browser, pages, look, scheme), [count, all] = await differing(browser, readFileSync(join(folder, file)), png);
      if (count < 0 || count > SHARE * all) writeFileSync(join(work, file), png);
      check(count >= 0 && count <= SHARE * all, `${file}: ${count < 0 ? 'another size' : count + ' pixels of ' + all + ' differ'}; the new one is in ${work}; sh tests/player/player.sh looks takes it over`);
    }
  return `${LOOKS.length * 2} pictures compared`;
}

if (process.argv[1].endsWith('looks.mjs')) {
  const { chromium } = createRequire(join(process.env.MSIM_BROWSER_MODULES, 'x.js'))('playwright-core'), [pages, folder] = process.argv.slice(2);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: [...(process.getuid() === 0 ? ['--no-sandbox'] : []), '--disable-gpu', '--no-first-run'] });
  if (!existsSync(folder)) mkdirSync(folder);
  writeFileSync(join(folder, 'made-with.txt'), (await drawnBy(browser)) + '\n');
  for (const look of LOOKS) for (const scheme of ['light', 'dark']) writeFileSync(join(folder, `${look[0]}-${scheme}.png`), await shoot(browser, pages, look, scheme));
  await browser.close();
}
