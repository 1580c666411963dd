/** `ksmd demo`: a daemon of its own, two guests with the same memory, and what becomes of it. */
import { InvalidArgumentError } from 'commander';
import xxhash from 'xxhash-wasm';
import type { Client } from '../../../client/client.js';
import { KsmdError } from '../../../errors.js';
import { DEFAULT_PAGE_SIZE } from '../../../names.js';
import { ksmPages } from '../../../sources/ksm-pages.js';
import { DemoDaemon } from '../../demo/demo-daemon.js';
import { count, size as inWords, percent, seconds } from '../../terminal/wording.js';
import type { Action, Session } from '../../verb.js';

const GUESTS = ['alice', 'bob'];
const LINE_EVERY_MS = 500;
const BAR_WIDTH = 40;
/** Counters in each line, and how wide its columns are. */
const SHOWN = ['pages_scanned', 'pages_shared', 'pages_sharing'] as const;
const WIDTHS = [7, 9, 13, 12, 13];
const PATIENCE_MS = 45_000;

export const action: Action<[], { readonly size: number }> = async (
  { print },
  _values,
  { size },
) => {
  if (size === 0 || size % DEFAULT_PAGE_SIZE !== 0)
    throw new InvalidArgumentError(
      `EINVAL: --size: ${size} bytes are no whole pages of ${DEFAULT_PAGE_SIZE}, one or more`,
    );
  const daemon = await DemoDaemon.start(3 * size);
  try {
    await play(daemon.client, size, print);
  } finally {
    await daemon.stop();
  }
  return undefined;
};

async function play(client: Client, size: number, print: Session['print']): Promise<void> {
  const { memory, pageSize, pid } = await client.status();
  print(
    `A daemon (process ${pid}) simulates a machine with ${inWords(memory.totalBytes)} of memory.`,
  );
  print(
    `Two guests write ${inWords(size)} each: every page differs from the next in its last ` +
      'eight bytes only, and both guests hold the same pages.',
    '',
  );
  const written = new Map<string, bigint>();
  for (const guest of GUESTS) written.set(guest, await fill(client, guest, size, pageSize));
  await watchMerging(client, size / pageSize, print);

  for (const [guest, checksum] of written) {
    if ((await readBack(client, guest, size)) !== checksum)
      throw new KsmdError('EIO', `guest ${guest} does not read as it was written`);
  }
  const { saved, scanner, counters } = await client.status();
  print('', 'Both guests were read back whole: every byte is as it was written.');
  print(
    `Saved: ${count(saved.pages, 'page')}, ${inWords(saved.bytes)} ` +
      `(${inWords(saved.netBytes)} net of bookkeeping), ${percent(saved.share)} of what they ` +
      'hold.',
  );
  print(
    `It took ${count(counters.full_scans ?? 0, 'full scan')} and ${seconds(scanner.cpuMs)} ` +
      'of processor time.',
  );
}

/** The checksum of what was written. */
async function fill(
  client: Client,
  guest: string,
  size: number,
  pageSize: number,
): Promise<bigint> {
  const hash = (await xxhash()).create64();
  await client.createGuest(guest);
  const region = await client.map(guest, 'memory', { pages: size / pageSize });
  function* hashed(): Generator<Uint8Array> {
    for (const chunk of ksmPages({ pages: size / pageSize, pageSize, best: false, seed: 1 })) {
      hash.update(chunk);
      yield chunk;
    }
  }
  await client.store(guest, region.address, { length: size, chunks: hashed() });
  return hash.digest();
}

async function readBack(client: Client, guest: string, size: number): Promise<bigint> {
  const hash = (await xxhash()).create64();
  const [region] = (await client.guest(guest)).regions;
  if (region === undefined) throw new KsmdError('EIO', `guest ${guest} has lost its region`);
  for await (const chunk of client.load(guest, region.address, size)) hash.update(chunk);
  return hash.digest();
}

/** A line every half second until all that can merge has merged. */
async function watchMerging(
  client: Client,
  wantedPages: number,
  print: Session['print'],
): Promise<void> {
  print(
    ['time', 'free', ...SHOWN].map((name, column) => name.padStart(WIDTHS[column] ?? 0)).join('  '),
  );
  const startedAt = performance.now();
  for (;;) {
    const { memory, counters } = await client.status();
    const elapsedMs = performance.now() - startedAt;
    const free = '#'
      .repeat(Math.round((memory.freeBytes / memory.totalBytes) * BAR_WIDTH))
      .padEnd(BAR_WIDTH, '.');
    const columns = [
      seconds(elapsedMs),
      inWords(memory.freeBytes),
      ...SHOWN.map((name) => String(counters[name])),
    ];
    print(
      `${columns.map((text, column) => text.padStart(WIDTHS[column] ?? 0)).join('  ')}  [${free}]`,
    );
    if ((counters.pages_sharing ?? 0) >= wantedPages) return;
    if (elapsedMs > PATIENCE_MS)
      throw new KsmdError('ETIMEDOUT', 'the guests did not merge in time');
    await new Promise((resolve) => setTimeout(resolve, LINE_EVERY_MS));
  }
}
