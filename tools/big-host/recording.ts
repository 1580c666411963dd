/** The made-up guests as a recording, of one sweep, and its registration by the command line. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FINGERPRINT_BYTES } from '../../src/fingerprints/fingerprint.js';
import {
  MAPPING_ADVISED,
  MOST_PAGES_A_RUN,
  PAGE_CONTENT,
  type RecordingHeader,
} from '../../src/recording/format.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import { fingerprintsOf, type MadeUp } from './made-up.js';

const KSMD = fileURLToPath(new URL('../../bin/ksmd.js', import.meta.url));
const LOOK_MS = 50;

const HEADER: Omit<RecordingHeader, 'pageSize'> = {
  version: 1,
  writer: 'big-host',
  host: 'made-up',
  kernel: 'none',
  processors: 1,
  startedAtMs: 0,
  intervalMs: 0,
  sample: 1,
  keyId: 'ffffffffffffffff',
  nodeBytes: [],
  hostNumbers: [],
  guestNumbers: [],
  facts: {},
};

/** Writes it to `path`, where no file is yet; guests are called guest-0, guest-1, …. */
export function record(madeUp: MadeUp, first: number, pageSize: number, path: string): void {
  const writer = RecordingWriter.create(path, { ...HEADER, pageSize });
  const { pages } = madeUp;
  for (let guest = 0; guest < madeUp.guests; guest++) {
    const facts = { pid: guest + 1, comm: 'made-up', startedTicks: guest, isPinned: false };
    writer.write({ type: 'guest', guest, name: `guest-${guest}`, ...facts, mergesAny: false });
    const where = { page: first, pages, flags: MAPPING_ADVISED, node: undefined, label: '' };
    writer.write({ type: 'mapping', guest, ...where });
    let page = first;
    for (const piece of fingerprintsOf(madeUp, guest))
      for (let at = 0; at < piece.length; at += MOST_PAGES_A_RUN * FINGERPRINT_BYTES) {
        const fingerprints = Buffer.from(
          piece.buffer,
          piece.byteOffset + at,
          Math.min(MOST_PAGES_A_RUN * FINGERPRINT_BYTES, piece.length - at),
        );
        const count = fingerprints.length / FINGERPRINT_BYTES;
        const run = { type: 'pages', guest, page, pages: count, state: PAGE_CONTENT } as const;
        writer.write({ ...run, fingerprints });
        page += count;
      }
  }
  writer.endSweep({ startMs: 0, durationMs: 0, processorMs: 0 });
  writer.close();
}

/** What `ksmd register` came to use at most, in bytes. */
export async function register(path: string, socketPath: string): Promise<number> {
  const args = [KSMD, 'register', '--recording', path, '--socket', socketPath];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(child, 'exit');
  let peakBytes = 0;
  while (child.exitCode === null && child.signalCode === null) {
    peakBytes = Math.max(peakBytes, peakOf(child.pid));
    await Promise.race([delay(LOOK_MS), exited]);
  }
  const [status] = await exited;
  if (status !== 0) throw new Error(`ksmd register ended with status ${status}`);
  return peakBytes;
}

function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    // It has just ended.
    return 0;
  }
}
