/* pictures.mjs PAGES WORK [OUT]: each page at its middle step, light and dark, as PNG files for people to look at. Judges one thing
 * itself: that no words of the map stand on others, and none reach over its edge. */
import { createRequire } from 'node:module';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const modules = process.env.MSIM_BROWSER_MODULES, require = createRequire(join(modules, 'x.js')), { chromium } = require('playwright-core');
const [pages, work] = process.argv.slice(2), out = join(work, 'pictures');
mkdirSync(out, { recursive: true });
const root = process.getuid && process.getuid() === 0;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: [...(root ? ['--no-sandbox'] : []), '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
let failures = 0;

/* Boxes of words on the map that meet, or leave it. */
const overlaps = () => {
  const frame = document.querySelector('.map').getBoundingClientRect(), found = [];
  const words = [...document.querySelectorAll('.map text')].filter((node) => node.textContent).map((node) => ({ text: node.textContent, box: node.getBoundingClientRect() }));
  words.forEach((a, i) => {
    if (a.box.left < frame.left - 1 || a.box.right > frame.right + 1) found.push(`"${a.text}" reaches over the edge`);
    for (const b of words.slice(i + 1)) {
      const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left), high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (wide > 1 && high > 3) found.push(`"${a.text}" and "${b.text}" meet`);
    }
  });
  return found;
};

for (const [scheme, width, height, lang] of [['light', 1280, 860, 'en'], ['dark', 1280, 860, 'de'], ['light', 320, 1500, 'en']]) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, offline: true, locale: lang }), page = await context.newPage();
  for (const name of readdirSync(pages).filter((file) => file.endsWith('.html')).map((file) => file.slice(0, -5))) {
    await page.goto('file://' + join(pages, name + '.html'));
    if (!(await page.evaluate('Boolean(globalThis.mailsim)'))) continue;
    for (let n = 0, total = await page.evaluate('mailsim.run.steps.length'); n <= total && n < 20; n++) {
      await page.evaluate((n) => {
        mailsim.seek(mailsim.story.stepEnd(n));
        cancelAnimationFrame(mailsim.framed);
        mailsim.frame(performance.now());
      }, n);
      for (const text of await page.evaluate(overlaps)) {
        failures++;
        console.log(`${name}, ${width} ${lang}, step ${n}: ${text}`);
      }
    }
    await page.evaluate(() => {
      mailsim.openTab(['mailboxes', 'segment', 'plot', 'table'][mailsim.run.seg.n % 4], false);
      mailsim.select(Math.floor(mailsim.run.seg.n / 2));
      mailsim.seek(mailsim.story.stepEnd(Math.ceil(mailsim.run.steps.length / 2)));
    });
    await page.waitForTimeout(80);
    await page.screenshot({ path: join(out, `${name}-${scheme}-${width}.png`) });
  }
  await context.close();
}
await browser.close();
console.log(`${readdirSync(out).length} pictures in ${out}, ${failures} words stand wrong`);
process.exit(failures ? 1 : 0);
