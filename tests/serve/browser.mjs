/* browser.mjs WEBMAIL CONTROL: a browser at the simulated webmail, across the simulated network, and at the page of all mail: login right and
 * wrong, read, compose, send, log out. Says what does not hold and ends with 1. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

const modules = process.env.MSIM_BROWSER_MODULES, require = createRequire(join(modules, 'x.js'));
const { chromium } = require('playwright-core');
const [web, control] = process.argv.slice(2).map((port) => `http://127.0.0.1:${port}`);
let failures = 0;

function check(holds, what) {
  if (!holds) {
    failures++;
    console.log('does not hold: ' + what);
  }
}

const root = process.getuid && process.getuid() === 0;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: [...(root ? ['--no-sandbox'] : []), '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
});

async function open(origin, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1024, height: 768 }, locale: 'en', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30000);
  page.on('pageerror', (error) => check(false, error.message));
  page.on('request', (request) => check(request.url().startsWith(origin) || /^(data|blob):/.test(request.url()), `asks for ${request.url()}`));
  await page.goto(origin + '/');
  return page;
}

/* ---- the webmail ---- */

const page = await open(web);
const login = async (user, password) => {
  await page.getByLabel('User name').fill(user);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
};
await login('anna', 'wrong');
check(await page.getByLabel('Password').isVisible(), 'a wrong password stays at the login');
await login('anna', 'blue-42');
await page.getByRole('link', { name: 'first' }).first().click();
check((await page.textContent('body')).includes('Grüße!'), 'the mail can be read');
await page.getByRole('link', { name: /write|compose|new/i }).first().click();
await page.getByLabel('To', { exact: true }).fill('carla@x.example');
await page.getByLabel('Subject').fill('Aus dem Browser: Grüße');
await page.getByLabel('Text', { exact: true }).fill('Hello <b>Carla</b>\n.a dot');
await page.getByRole('button', { name: 'Send' }).click();
await page.waitForLoadState();
const waited = await (await fetch(control + '/api/mails?user=carla&count=1&timeout=30')).json();
check(waited.mails[0]?.subject === 'Aus dem Browser: Grüße', 'Carla has the mail: ' + JSON.stringify(waited));
await page.getByRole('button', { name: 'Log out' }).click();
check(await page.getByLabel('Password').isVisible(), 'logged out');
await page.goto(web + '/mail');
check(await page.getByLabel('Password').isVisible(), 'without a login there is no mail');

/* ---- the page of all mail ---- */

for (const options of [{}, { viewport: { width: 320, height: 640 }, colorScheme: 'dark' }]) {
  const inbox = await open(control, options);
  await inbox.getByRole('button', { name: 'carla at provider' }).click();
  await inbox.getByRole('button', { name: /Aus dem Browser/ }).click();
  await inbox.getByRole('heading', { name: 'Aus dem Browser: Grüße' }).waitFor();
  check((await inbox.textContent('#mail pre')).includes('Hello <b>Carla</b>\n.a dot'), 'foreign words stand as text');
  check(await inbox.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out at ' + JSON.stringify(options.viewport ?? 'wide'));
  await inbox.getByRole('button', { name: /ladder/ }).click();
  /* the page's own policy bars the library's way of waiting, which evaluates text */
  for (let i = 0; i < 300 && !(await inbox.textContent('#ladder')).includes('220 '); i++) await inbox.waitForTimeout(100);
  check((await inbox.textContent('#ladder')).includes('220 '), 'the ladder shows a greeting');
  if (process.env.PICTURES) await inbox.screenshot({ path: join(process.env.PICTURES, options.viewport ? 'inbox-narrow.png' : 'inbox.png'), fullPage: true });
  await inbox.context().close();
}
await browser.close();
console.log(failures === 0 ? 'the webmail and the page of all mail: fine' : `${failures} things do not hold`);
process.exit(failures === 0 ? 0 : 1);
