/**
 * A page table read entry by entry, as before Linux 6.7 or without koffi: it comes to the same as
 * PAGEMAP_SCAN, tells how far it is, and lets the event loop turn.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { PageTable, type Span } from '../../../src/sources/process/page-table.js';
import { parseSmaps } from '../../../src/sources/process/smaps.js';

const PROGRAM = fileURLToPath(
  new URL('../../cli/commands/guests/process-at-work.mjs', import.meta.url),
);
const PAGE = 4096;
const GIB = 2 ** 30;
const NO_SCAN = async (): Promise<undefined> => undefined;
/** Bits of an entry. */
const PRESENT = 1n << 63n;
const EXCLUSIVE = 1n << 56n;
const SOFT_DIRTY = 1n << 55n;

const folder = mkdtempSync(join(tmpdir(), 'ksmd-page-table-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('what is reserved is gone over with the event loop turning, and one page found in it', async () => {
  const child = spawn(process.execPath, [PROGRAM, 'reserved=8'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = await once(child.stdout, 'data');
    const pid = Number(line);
    const mapping = parseSmaps(readFileSync(`/proc/${pid}/smaps`, 'latin1')).find(
      ({ length }) => length === 8 * GIB,
    );
    if (mapping === undefined) throw new Error('nothing is reserved');
    const table = await PageTable.open(`/proc/${pid}/pagemap`, PAGE, false, NO_SCAN);
    let [turns, walkedBytes] = [0, 0];
    const turning = setInterval(() => turns++, 0);
    const spans: Span[] = [];
    for await (const span of table.spans(mapping, (bytes) => {
      walkedBytes += bytes;
    }))
      spans.push(span);
    clearInterval(turning);
    await table.close();
    const page = { address: mapping.address + 4 * GIB, length: PAGE, huge: false };
    expect(spans).toEqual([page]);
    expect(table.readBytes(mapping)).toBe(8 * GIB);
    expect(walkedBytes).toBe(8 * GIB);
    expect(turns).toBeGreaterThan(1);
  } finally {
    child.kill();
  }
});

const EMPTY = {
  address: 0,
  path: '',
  rssBytes: 0,
  swapBytes: 0,
  hugetlbBytes: 0,
  flags: new Set<string>(),
};

/** What a table of these entries says of a mapping that begins at address 0. */
async function spansOf(
  entries: readonly bigint[],
  asksWritten: boolean,
): Promise<{ spans: Span[]; tellsFrames: boolean }> {
  const path = join(folder, 'pagemap');
  writeFileSync(path, new BigUint64Array(entries));
  const table = await PageTable.open(path, PAGE, asksWritten, NO_SCAN);
  const length = entries.length * PAGE;
  const mapping = { ...EMPTY, length, anonymousBytes: length };
  const spans: Span[] = [];
  // What is said of pages is good for as long as a span is the last one.
  for await (const span of table.spans(mapping)) spans.push(structuredClone(span));
  await table.close();
  return { spans, tellsFrames: table.tellsFrames };
}

test('a page was written if its soft-dirty bit says so, and if KSM may have merged it since', async () => {
  const own = PRESENT | EXCLUSIVE;
  const { spans, tellsFrames } = await spansOf(
    [own, own | SOFT_DIRTY, 0n, SOFT_DIRTY, own | SOFT_DIRTY, PRESENT, own],
    true,
  );
  const shared = tellsFrames ? 0 : 1;
  expect(spans.map(({ address, written }) => [address / PAGE, [...(written ?? [])]])).toEqual([
    [0, [0, 1]],
    [4, [1, shared, 0]],
  ]);
});

test('nothing is said of writes where it was not asked', async () => {
  const { spans } = await spansOf([PRESENT | EXCLUSIVE | SOFT_DIRTY], false);
  expect(spans).toEqual([{ address: 0, length: PAGE, huge: false }]);
});
