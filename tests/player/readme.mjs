/* readme.mjs PAGE OUT: the picture of the README: one page at one moment, with a mail on its way. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { chromium } = createRequire(join(process.env.MSIM_BROWSER_MODULES, 'x.js'))('playwright-core');
const [page, out] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: [...(process.getuid() === 0 ? ['--no-sandbox'] : []), '--disable-gpu', '--no-first-run'] });
const tab = await browser.newPage({ viewport: { width: 1100, height: 760 }, colorScheme: 'light', locale: 'en' });
await tab.goto('file://' + page + '#view=segment');
await tab.evaluate(() => {
  const { story, run } = mailsim, step = run.steps[4];
  mailsim.select(step.seg, false);
  mailsim.seek(story.s0[step.seg] * 0.4 + story.s1[step.seg] * 0.6);
});
await tab.waitForTimeout(150);
await tab.screenshot({ path: out });
await browser.close();
