/**
 * npm run screenshot: the dashboard as README shows it, light and dark, with guests of several
 * kinds in the middle of merging. Writes docs/dashboard-light.png and docs/dashboard-dark.png.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { chromiumPath, launchChromium } from './load/browser.js';
import { LoadedDaemon } from './load/daemon.js';

const DOCS = fileURLToPath(new URL('../docs/', import.meta.url));
const VIEWPORT = { width: 1280, height: 1500 };
const MIB_PAGES = 256;
/** Of what can merge, so much has when the picture is taken. */
const HALF_DONE = 0.55;

const chromium = chromiumPath();
if (chromium === undefined) throw new Error('there is no Chromium: apt-get install chromium');
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;
server.close();
await once(server, 'close');

const daemon = await LoadedDaemon.start([
  ...['--memory', '256MiB', '--http', `127.0.0.1:${port}`],
  ...['--pages-to-scan', '60', '--sleep-ms', '20', '--kernel', '6.18'],
]);
const { client } = daemon;
await client.setKsm({ use_zero_pages: 1, max_page_sharing: 64 });

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await Promise.race([delay(50), daemon.died]);
}
const sharing = async (): Promise<number> => Number((await client.ksm()).pages_sharing);

const browser = await launchChromium(chromium);
const pages: [string, Page][] = [];
for (const colorScheme of ['light', 'dark'] as const) {
  const page = await browser.newPage({ viewport: VIEWPORT, colorScheme, reducedMotion: 'reduce' });
  await page.goto(`http://127.0.0.1:${port}/`);
  pages.push([`${DOCS}dashboard-${colorScheme}.png`, page]);
}
await client.run({ workload: 'boot', guest: 'web-1', pages: 24 * MIB_PAGES, seed: 1 });
await client.run({ workload: 'boot', guest: 'web-2', pages: 24 * MIB_PAGES, seed: 2 });
await until(async () => (await sharing()) > 11 * MIB_PAGES);
await client.run({
  workload: 'dirty',
  guest: 'database',
  pages: 10 * MIB_PAGES,
  spreadPages: 4 * MIB_PAGES,
  rate: 400,
  seed: 4,
});
await client.map('database', 'huge-pool', { pages: 6 * MIB_PAGES, mergeable: false });
await client.store(
  'database',
  (await client.guest('database')).regions[1]?.address ?? 0,
  Buffer.alloc(5 * MIB_PAGES * 4096, 9),
);
await client.run({ workload: 'ksmpages', guest: 'batch', pages: 12 * MIB_PAGES, seed: 5 });
await client.run({ workload: 'boot', guest: 'web-3', pages: 24 * MIB_PAGES, seed: 3 });
await until(async () => {
  const { mergedPages } = (await client.guests()).find(({ name }) => name === 'web-3') ?? {
    mergedPages: 0,
  };
  return mergedPages > HALF_DONE * 12 * MIB_PAGES;
});
// What is half done stays so while the pictures are taken.
await client.setKsm({ pages_to_scan: 8 });
for (const [path, page] of pages) {
  // A page that has merged, in the common part of the first guest.
  await page.getByRole('button', { name: 'web-1', exact: true }).click();
  for (let row = 0; row < 20; row++) await page.keyboard.press('ArrowDown');
  await page.waitForSelector('#explanation .facts');
  await page.locator('#map').evaluate((map) => (map as HTMLElement).blur());
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path });
}
await browser.close();
await daemon.stop();
