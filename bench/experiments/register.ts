/**
 * How fast `ksmd register` takes a gigabyte in: of a live process, and of a raw image in the disk
 * cache, beside a plain read of the same bytes in pieces as large. What the command does, without
 * the time that Node takes to start.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PageUpload } from '../../src/cli/commands/guests/page-upload.js';
import { registerSource } from '../../src/cli/commands/guests/register-source.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import { openImage } from '../../src/sources/images/open-image.js';
import { ProcessSource } from '../../src/sources/process/process-source.js';
import type { Source } from '../../src/sources/source.js';
import { LoadedDaemon } from '../../tools/load/daemon.js';
import type { Row } from '../row.js';
import { PAGE_SIZE } from '../sides/side.js';

const GOAL_MB = 1000;
const PIECE_BYTES = 2 ** 20;
/** The fastest counts: the first finds the daemon's memory untouched. */
const ROUNDS = 4;
/** Where an image's first page comes to lie: no region begins at 0. */
const OFFSET = 2 ** 32;
/** Memory in which no page is like another, and nothing is zeroes. */
const HOLDER = `
const words = new Uint32Array(Number(process.argv[1]) / 4);
for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 2654435761);
process.stdout.write('ready');
setInterval(() => {}, 2 ** 30);
`;

export async function registerRow(copyPages: number, profile: ProfileName): Promise<Row> {
  const bytes = copyPages * PAGE_SIZE;
  const folder = mkdtempSync(join(tmpdir(), 'ksmd-bench-register-'));
  const image = join(folder, 'image');
  const holder = await holderOf(bytes);
  const memory = ['--memory', String(bytes * 2 + 2 ** 28)];
  const daemon = await LoadedDaemon.start([...memory, '--run', '0', '--kernel', profile]);
  const upload = await PageUpload.to(daemon.client);
  const work: Record<string, number> = {};
  const speeds: Record<string, number> = {};
  const measure = async (name: string, open: () => Promise<Source>): Promise<void> => {
    speeds[`${name} MB/s`] = await fastest(
      async () => {
        const source = await open();
        const options = source.addresses === 'physical' ? { offset: OFFSET } : {};
        try {
          const { presentBytes } = await registerSource(
            daemon.client,
            upload,
            name,
            source,
            options,
          );
          // What else a process of Node's has is another every time.
          work[`${name}Pages`] = Math.min(copyPages, presentBytes / PAGE_SIZE);
          return presentBytes;
        } finally {
          await source.close();
        }
      },
      () => daemon.client.removeGuest(name),
    );
  };
  try {
    const pid = holder.pid ?? 0;
    speeds['process read plainly MB/s'] = await fastest(async () => {
      const source = await ProcessSource.open(pid);
      await source.close();
      return source.layout.regions.reduce(
        (sum, { spans }) =>
          spans.reduce((all, span) => all + plainly(`/proc/${pid}/mem`, span), sum),
        0,
      );
    });
    await measure('process', () => ProcessSource.open(pid));
    writeFileSync(image, Buffer.alloc(bytes, 7));
    speeds['image read plainly MB/s'] = await fastest(async () =>
      plainly(image, { address: 0, length: bytes }),
    );
    await measure('image', async () => openImage(image));
  } finally {
    await daemon.stop();
    holder.kill();
    rmSync(folder, { recursive: true });
  }
  const ratio = (name: string): number =>
    Number(((speeds[`${name} MB/s`] ?? 0) / (speeds[`${name} read plainly MB/s`] ?? 1)).toFixed(2));
  return {
    phase: 'register',
    what: `${Math.round(bytes / 2 ** 20)} MiB registered, of a process and of an image`,
    ksmdSeconds: bytes / 1e6 / (speeds['process MB/s'] ?? 1),
    goal: `a process at ${GOAL_MB} MB/s at least`,
    met: (speeds['process MB/s'] ?? 0) >= GOAL_MB,
    figures: {
      ...Object.fromEntries(
        Object.entries(speeds).map(([name, speed]) => [name, Math.round(speed)]),
      ),
      'process, of a plain read': ratio('process'),
      'image, of a plain read': ratio('image'),
    },
    work,
  };
}

/** The best of some rounds, in MB/s. `take` says how many bytes it took; `undo` is not counted. */
async function fastest(
  take: () => Promise<number>,
  undo = async (): Promise<void> => {},
): Promise<number> {
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    const bytes = await take();
    best = Math.max(best, bytes / 1000 / (performance.now() - begun));
    await undo();
  }
  return best;
}

/** How many bytes of a file could be read, into one buffer. */
function plainly(path: string, { address, length }: { address: number; length: number }): number {
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
    let done = 0;
    while (done < length) {
      const bytesRead = readSync(
        fd,
        buffer,
        0,
        Math.min(PIECE_BYTES, length - done),
        address + done,
      );
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  } finally {
    closeSync(fd);
  }
}

/** A process with so many bytes of its own. */
async function holderOf(bytes: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', HOLDER, String(bytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill());
  await once(child.stdout, 'data');
  return child;
}
