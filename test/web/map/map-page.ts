/** The dashboard in Chromium on a daemon with three guests, for tests of its map. */
import type { Page } from 'playwright-core';
import type { DaemonProcess } from '../../daemon-process.js';
import { until } from '../../until.js';
import { LookedAt, PAGE } from '../looked-at.js';

const RAM = 0x100000000;
export const PAGES = 64;
export const GUESTS = [
  'web_frontend_of_the_whole_western_region_and_more_0001',
  'database',
  'batch',
];

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export class MapPage {
  readonly daemon: DaemonProcess;
  /** What has gone wrong in the page. */
  readonly faults: readonly string[];

  private constructor(
    private readonly looked: LookedAt,
    readonly page: Page,
  ) {
    this.daemon = looked.daemon;
    this.faults = looked.faults;
  }

  /** With 24 pages that all guests have, 8 of zeroes and 16 of its own in each, scanned. */
  static async open(): Promise<MapPage> {
    const looked = await LookedAt.start(['--run', '0']);
    const { client } = looked.daemon;
    await client.setKsm({ use_zero_pages: 1 });
    for (const guest of GUESTS) {
      await client.createGuest(guest);
      await client.map(guest, 'ram', { pages: PAGES });
      const contents = [
        ...Array.from({ length: 24 }, (_, number) => `common ${number % 2}`),
        ...Array<string>(8).fill('\0'),
        ...Array.from({ length: 16 }, (_, number) => `of ${guest} ${number}`),
      ];
      const pages = contents.map((content) => Buffer.alloc(PAGE, content));
      await client.store(guest, RAM, Buffer.concat(pages));
    }
    await client.map('batch', 'unadvised', { pages: 8, mergeable: false });
    for (let i = 0; i < 3; i++) await client.scan(1000);
    const page = await looked.open({ viewport: { width: 1440, height: 900 } });
    const opened = new MapPage(looked, page);
    await opened.shows(GUESTS.length);
    return opened;
  }

  /** The daemon's exit status. */
  close(): Promise<number | null> {
    return this.looked.stop();
  }

  /** Until it has so many guests, and their pages. */
  async shows(guests: number): Promise<void> {
    await until(
      'all guests',
      async () => (await this.page.locator('#guests tbody tr').count()) === guests,
    );
    await until(
      'and their pages',
      async () => (await this.page.locator('#map canvas').boundingBox()) !== null,
    );
  }

  /** On a screen as wide as that. */
  async at(width: number): Promise<void> {
    await this.page.setViewportSize({ width, height: width < 500 ? 700 : 900 });
    await until('the map as wide as its card', () =>
      this.page.evaluate(() => {
        const [map, sheet] = ['map', 'sheet'].map((id) => document.getElementById(id));
        const room = (map?.clientWidth ?? 0) - 10;
        const taken = sheet?.clientWidth ?? 0;
        return taken <= room && taken > room * 0.85;
      }),
    );
  }

  async boxOf(selector: string): Promise<Box> {
    const box = await this.page.locator(selector).boundingBox();
    if (box === null) throw new Error(`${selector} is not to be seen`);
    return box;
  }

  /** Where a page of the first guest is on the screen, and its colour. */
  async pageOf(number: number): Promise<{ x: number; y: number; colour: string }> {
    return this.page.locator('canvas#pages').evaluate((element, wanted) => {
      const canvas = element as HTMLCanvasElement;
      const { width, height } = canvas;
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
      const isPage = (x: number, y: number): boolean => pixels[(y * width + x) * 4 + 3] === 255;
      let top = 0;
      while (!isPage(0, top)) top++;
      let columns = 0;
      while (isPage(columns, top)) columns++;
      const [column, row] = [wanted % columns, top + Math.floor(wanted / columns)];
      const at = (row * width + column) * 4;
      const rect = canvas.getBoundingClientRect();
      return {
        x: rect.x + ((column + 0.5) * rect.width) / width,
        y: rect.y + ((row + 0.5) * rect.height) / height,
        colour: `rgb(${[0, 1, 2].map((channel) => pixels[at + channel]).join(', ')})`,
      };
    }, number);
  }

  /** Until that page of a guest is explained. */
  async explained(number: number): Promise<void> {
    const address = `0x${(RAM + number * PAGE).toString(16)}`;
    await until('an explanation', async () => {
      const text = await this.page.locator('#explanation').innerText();
      return text.includes(address) && text.includes('checksum');
    });
  }

  /** Writes pages of a guest, from one on. */
  async write(guest: string, number: number, contents: readonly string[]): Promise<void> {
    const pages = contents.map((content) => Buffer.alloc(PAGE, content));
    await this.daemon.client.store(guest, RAM + number * PAGE, Buffer.concat(pages));
  }
}
