/** The page table of a process as PAGEMAP_SCAN tells it, where the kernel and koffi have it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PagemapScan } from '../../../src/sources/process/pagemap-scan.js';

const PROGRAM = fileURLToPath(
  new URL('../../cli/commands/guests/process-at-work.mjs', import.meta.url),
);
const ADDRESS_SPACE = 2 ** 47 - 4096;
const PAGE = 4096;

test('more ranges than one call tells come once each, in order, and none is left out', async () => {
  const child = spawn(process.execPath, [PROGRAM, 'holes=20000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pagemap = await once(child.stdout, 'data').then(() => open(`/proc/${child.pid}/pagemap`));
  try {
    const scan = await PagemapScan.open(pagemap);
    if (scan === undefined) {
      console.log('PAGEMAP_SCAN is not to be had: not tested');
      return;
    }
    let end = 0;
    let singles = 0;
    for (const range of scan.ranges(0, ADDRESS_SPACE)) {
      expect(range.start).toBeGreaterThanOrEqual(end);
      if (range.end - range.start === PAGE && range.isPresent && !range.isOfFile) singles++;
      end = range.end;
    }
    expect(singles).toBeGreaterThanOrEqual(10_000);
  } finally {
    await pagemap.close();
    child.kill('SIGKILL');
  }
});
