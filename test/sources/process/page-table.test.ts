/**
 * A page table read entry by entry, as before Linux 6.7 or without koffi: it comes to the same as
 * PAGEMAP_SCAN, tells how far it is, and lets the event loop turn.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PageTable, type Span } from '../../../src/sources/process/page-table.js';
import { parseSmaps } from '../../../src/sources/process/smaps.js';

const PROGRAM = fileURLToPath(
  new URL('../../cli/commands/guests/process-at-work.mjs', import.meta.url),
);
const PAGE = 4096;
const GIB = 2 ** 30;

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
    const table = await PageTable.open(pid, PAGE, async () => undefined);
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
