/** What the running daemon does for its clients: uploads, and answers while the scanner runs at full speed. */
import { openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LoadedDaemon } from '../load/daemon.js';
import type { Row } from '../row.js';
import { PAGE_SIZE } from '../sides/side.js';

const UPLOAD_AT_LEAST_MB = 600;
const ANSWER_WITHIN_MS = 5;
const REQUESTS = 2000;
const WARM_UP = 200;
const CHUNK_BYTES = 1 << 20;

/** Uploads a file in the page cache, three times; the fastest counts. */
export async function uploadRow(copyPages: number): Promise<Row> {
  const bytes = copyPages * PAGE_SIZE;
  const path = join(tmpdir(), `ksmd-upload-${process.pid}`);
  writeFileSync(path, Buffer.alloc(bytes, 7));
  const daemon = await LoadedDaemon.start(['--memory', String(bytes * 2), '--run', '0']);
  try {
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run++) {
      await daemon.client.createGuest('upload');
      const region = await daemon.client.map('upload', 'memory', { pages: copyPages });
      const start = performance.now();
      await daemon.client.store('upload', region.address, { length: bytes, chunks: chunksOf(path) });
      best = Math.min(best, (performance.now() - start) / 1000);
      await daemon.client.removeGuest('upload');
    }
    const megabytes = bytes / 1e6 / best;
    return {
      phase: 'upload',
      what: 'upload through the socket, from a file in the page cache',
      ksmdSeconds: best,
      goal: `at least ${UPLOAD_AT_LEAST_MB} MB/s`,
      met: megabytes >= UPLOAD_AT_LEAST_MB,
      figures: { 'MB/s': Math.round(megabytes) },
    };
  } finally {
    await daemon.stop();
    rmSync(path);
  }
}

/** Asks for the status, one request after another, while the scanner runs at full speed over unmerged pages. */
export async function statusLatencyRow(copyPages: number): Promise<Row> {
  const daemon = await LoadedDaemon.start(['--memory', String(copyPages * PAGE_SIZE * 2), '--pages-to-scan', '99999', '--sleep-ms', '0']);
  try {
    await daemon.client.setKsm({ smart_scan: 0 });
    const { id } = await daemon.client.run({ workload: 'ksmpages', guest: 'a', pages: copyPages });
    // The guest is to be still, so that it is the scanner alone that is beside the answers.
    while ((await daemon.client.workloads()).some((workload) => workload.id === id && workload.state !== 'done')) await delay(10);
    for (let i = 0; i < WARM_UP; i++) await daemon.client.status();
    const times: number[] = [];
    for (let i = 0; i < REQUESTS; i++) {
      const start = performance.now();
      await daemon.client.status();
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    const p99 = at(0.99);
    return {
      phase: 'status-latency',
      what: 'status answered while the scanner runs at full speed',
      ksmdSeconds: p99 / 1000,
      goal: `99 of 100 within ${ANSWER_WITHIN_MS} ms`,
      met: p99 <= ANSWER_WITHIN_MS,
      figures: { 'median ms': at(0.5).toFixed(2), 'p99 ms': p99.toFixed(2), 'slowest ms': at(1).toFixed(2) },
    };
  } finally {
    await daemon.stop();
  }
}

function* chunksOf(path: string): Generator<Uint8Array> {
  const fd = openSync(path, 'r');
  for (;;) {
    const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const length = readSync(fd, chunk);
    if (length === 0) return;
    yield chunk.subarray(0, length);
  }
}
