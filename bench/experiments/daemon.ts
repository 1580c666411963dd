/** What the running daemon does for its clients: uploads, and guests that it runs. */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProfileName } from '../../src/ksm/kernels.js';
import { LoadedDaemon } from '../../tools/load/daemon.js';
import type { Row } from '../row.js';
import { peakRssBytes } from '../sides/peak-rss.js';
import { PAGE_SIZE } from '../sides/side.js';
import { busyDaemon } from './busy-daemon.js';

const UPLOAD_AT_LEAST_MB = 600;
const CHUNK_BYTES = 1 << 20;
const WORST_GUESTS = 2;

/** Uploads a file in the page cache, three times; the fastest counts. */
export async function uploadRow(copyPages: number, profile: ProfileName): Promise<Row> {
  const bytes = copyPages * PAGE_SIZE;
  const path = join(tmpdir(), `ksmd-upload-${process.pid}`);
  writeFileSync(path, Buffer.alloc(bytes, 7));
  const daemon = await LoadedDaemon.start([
    '--memory',
    String(bytes * 2),
    '--run',
    '0',
    '--kernel',
    profile,
  ]);
  try {
    let best = Number.POSITIVE_INFINITY;
    const read = createHash('sha256');
    for (let repetition = 0; repetition < 3; repetition++) {
      await daemon.client.createGuest('upload');
      const region = await daemon.client.map('upload', 'memory', { pages: copyPages });
      const start = performance.now();
      await daemon.client.store('upload', region.address, {
        length: bytes,
        chunks: chunksOf(path),
      });
      best = Math.min(best, (performance.now() - start) / 1000);
      for await (const chunk of daemon.client.load('upload', region.address, bytes))
        read.update(chunk);
      await daemon.client.removeGuest('upload');
    }
    const megabytes = bytes / 1e6 / best;
    return {
      phase: 'upload',
      what: 'upload through the socket, from a file in the page cache',
      ksmdSeconds: best,
      goal: `at least ${UPLOAD_AT_LEAST_MB} MB/s`,
      met: megabytes >= UPLOAD_AT_LEAST_MB,
      ksmdWords: `${Math.round(megabytes)} MB/s`,
      figures: { 'MB/s': Math.round(megabytes) },
      work: { sha256_of_what_is_read_back: read.digest('hex') },
    };
  } finally {
    await daemon.stop();
    rmSync(path);
  }
}

/**
 * Two guests of the worst case on a real daemon, written while it scans: what its process takes, as
 * the system counts it.
 */
export async function daemonWorstRow(copyPages: number, profile: ProfileName): Promise<Row> {
  const daemon = await busyDaemon(copyPages * PAGE_SIZE * WORST_GUESTS, profile);
  try {
    const emptyBytes = peakRssBytes(daemon.pid);
    const start = performance.now();
    const ids: number[] = [];
    for (let guest = 1; guest <= WORST_GUESTS; guest++) {
      ids.push(
        (
          await daemon.client.run({
            workload: 'ksmpages',
            guest: `worst-${guest}`,
            pages: copyPages,
          })
        ).id,
      );
    }
    let stores = 0;
    for (const id of ids) stores += await daemon.done(id);
    const target = (WORST_GUESTS - 1) * copyPages;
    let counters = await daemon.client.ksm();
    for (; Number(counters.pages_sharing) < target; counters = await daemon.client.ksm())
      await Promise.race([delay(10), daemon.died]);
    const peakBytes = peakRssBytes(daemon.pid);
    const guestBytes = WORST_GUESTS * copyPages * PAGE_SIZE;
    return {
      phase: 'daemon-worst',
      what: `${WORST_GUESTS} guests of the worst case on a daemon, written and merged`,
      ksmdSeconds: (performance.now() - start) / 1000,
      ksmdWords: `${Math.round(peakBytes / 2 ** 20)} MiB peak RSS`,
      goal: 'printed',
      met: true,
      figures: {
        'peak RSS MiB': Math.round(peakBytes / 2 ** 20),
        'of them before the first guest MiB': Math.round(emptyBytes / 2 ** 20),
        'guests wrote MiB': Math.round(guestBytes / 2 ** 20),
        'peak RSS over what guests wrote': Number((peakBytes / guestBytes).toFixed(2)),
      },
      // How many scans that took is a matter of time.
      work: {
        stores,
        pages_shared: Number(counters.pages_shared),
        pages_sharing: Number(counters.pages_sharing),
      },
    };
  } finally {
    await daemon.stop();
  }
}

function* chunksOf(path: string): Generator<Uint8Array> {
  const fd = openSync(path, 'r');
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      const length = readSync(fd, chunk);
      if (length === 0) return;
      yield chunk.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}
