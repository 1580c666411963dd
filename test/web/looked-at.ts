/** A daemon, and its dashboard in a real browser: what the tests of the page begin with. */
import type { Browser, Page } from 'playwright-core';
import { chromiumPath, launchChromium } from '../../tools/load/browser.js';
import { freePort } from '../../tools/load/free-port.js';
import { DaemonProcess } from '../daemon-process.js';

export const PAGE = 4096;

export const chromium = chromiumPath();
if (chromium === undefined)
  console.warn(
    'The dashboard is not tested in a browser: there is no chromium on this machine ' +
      '(apt-get install chromium).',
  );

type PageOptions = Parameters<Browser['newPage']>[0];

export class LookedAt {
  /** What went wrong in a page, and what it asked of others. */
  readonly faults: string[] = [];
  mayFail = false;

  private constructor(
    public daemon: DaemonProcess,
    private readonly browser: Browser,
    readonly port: number,
  ) {}

  static async start(args: readonly string[]): Promise<LookedAt> {
    const port = await freePort();
    const daemon = await DaemonProcess.start([...args, '--http', `127.0.0.1:${port}`]);
    return new LookedAt(daemon, await launchChromium(chromium ?? ''), port);
  }

  /** The daemon's exit status. */
  async stop(): Promise<number | null> {
    await this.browser.close();
    return this.daemon.stop();
  }

  /** The page, once it shows that; `before` is called before it is loaded. */
  async open(
    options: PageOptions = {},
    before: (page: Page) => Promise<unknown> = async () => {},
    shown = '#scanner:not([data-state="unknown"])',
  ): Promise<Page> {
    const page = await this.browser.newPage({
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()) && !this.mayFail)
        this.faults.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('request', (request) => {
      if (new URL(request.url()).host !== `127.0.0.1:${this.port}`)
        this.faults.push(`asked ${request.url()}`);
    });
    await before(page);
    await page.goto(`http://127.0.0.1:${this.port}/`);
    await page.waitForSelector(shown);
    return page;
  }

  /** Guests of so many pages, half of them equal to those of the others, and some of zeroes. */
  async addGuests(names: readonly string[], pages: number): Promise<void> {
    const { client } = this.daemon;
    for (const [at, name] of names.entries()) {
      await client.createGuest(name);
      const { address } = await client.map(name, 'ram', { pages });
      const bytes = Buffer.alloc(pages * PAGE);
      for (let page = 1; page < pages; page++)
        bytes.writeUInt32LE(page < pages / 2 ? page : (at + 1) * pages + page, page * PAGE);
      await client.store(name, address, bytes);
    }
  }
}
