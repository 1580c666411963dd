/**
 * How fast images of memory are read: the same pages as a raw image, an ELF core, LiME's and a
 * kdump of zlib, beside a plain read of the file in pieces as large. All from the disk cache.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { openImage } from '../../src/sources/images/open-image.js';
import { ksmPages } from '../../src/sources/ksm-pages.js';
import { elfCore } from '../../tools/images/elf-writer.js';
import { kdump } from '../../tools/images/kdump-writer.js';
import { lime } from '../../tools/images/ram-ranges-writer.js';
import type { Row } from '../row.js';

const MIB = 2 ** 20;
const PAGE_BYTES = 4096;
const MOST_PAGES = 65_536;
const PIECE_BYTES = MIB;
/** Of so many rounds the fastest counts. */
const ROUNDS = 5;
/** Of a plain read's speed, for what is not packed. */
const GOAL = 0.5;

export async function imagesRow(copyPages: number): Promise<Row> {
  const pages = Math.min(copyPages, MOST_PAGES);
  const options = { pages, pageSize: PAGE_BYTES, best: false, seed: 1 };
  const data = Buffer.concat([...ksmPages(options)]);
  const frames = Array.from({ length: pages }, (_none, page) =>
    data.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES),
  );
  const images = {
    raw: data,
    elf: elfCore([{ paddr: 0, data }], { gap: 11 }),
    lime: lime([{ address: 0x1000, bytes: data }]),
    kdump: kdump(frames, {
      packing: { flags: 1, pack: (page) => deflateSync(page, { level: 1 }) },
    }),
  };
  const folder = mkdtempSync(join(tmpdir(), 'ksmd-bench-images-'));
  const mibPerSecond: Record<string, number> = {};
  const work: Record<string, number> = {};
  try {
    for (const [name, bytes] of Object.entries(images)) {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      if (name === 'raw') mibPerSecond.plain = await fastest(pages, async () => plainly(path));
      mibPerSecond[name] = await fastest(pages, async () => {
        work[`${name}Pages`] = await pagesOf(path);
      });
      rmSync(path);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const share = (name: string): number => (mibPerSecond[name] ?? 0) / (mibPerSecond.plain ?? 1);
  return {
    phase: 'images',
    what: `${Math.round((pages * PAGE_BYTES) / MIB)} MiB, read from images in the disk cache`,
    goal: `raw and ELF at ${GOAL * 100} % of a plain read's speed at least`,
    ksmdSeconds: (pages * PAGE_BYTES) / MIB / (mibPerSecond.raw ?? 1),
    met: share('raw') >= GOAL && share('elf') >= GOAL,
    figures: Object.fromEntries(
      Object.entries(mibPerSecond).map(([name, speed]) => [
        `${name}MiBPerSecond`,
        Math.round(speed),
      ]),
    ),
    work,
  };
}

async function fastest(pages: number, read: () => Promise<void>): Promise<number> {
  let seconds = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    await read();
    seconds = Math.min(seconds, (performance.now() - begun) / 1000);
  }
  return (pages * PAGE_BYTES) / MIB / seconds;
}

async function pagesOf(path: string): Promise<number> {
  const source = await openImage(path);
  let bytes = 0;
  try {
    for await (const item of source.read()) if (item.type === 'run') bytes += item.bytes.length;
  } finally {
    await source.close();
  }
  return bytes / PAGE_BYTES;
}

function plainly(path: string): void {
  const fd = openSync(path, 'r');
  while (readSync(fd, Buffer.allocUnsafeSlow(PIECE_BYTES)) > 0);
  closeSync(fd);
}
