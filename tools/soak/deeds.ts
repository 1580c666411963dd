/** What happens to a daemon in a long run, over and over: each deed begins and ends by itself. */
import { connect } from 'node:net';
import { isKsmdError } from '../../src/errors.js';
import type { LoadedDaemon } from '../load/daemon.js';
import type { Writers } from '../load/writers.js';

const PAGE_BYTES = 4096;
/** Small beside the lasting load, which fills nine tenths of the memory. */
const PASSING_PAGES = 256;
/** Two huge pages. */
const FORKED_PAGES = 1024;

export type Deed = () => Promise<void>;

export function deeds(
  daemon: LoadedDaemon,
  writers: Writers,
  random: (below: number) => number,
): Readonly<Record<string, Deed>> {
  const { client } = daemon;
  let passing = 0;
  let replaced = Promise.resolve();
  return {
    async 'a guest comes, writes, is looked at and goes'() {
      const guest = `passing-${passing++}`;
      const { id } = await client.run({
        workload: 'boot',
        guest,
        pages: PASSING_PAGES,
        seed: random(1e9),
        rate: 20_000,
      });
      const [region] = (await client.guest(guest)).regions;
      if (region !== undefined) await client.page(guest, region.address);
      await client.madvise(guest, random(2) === 0 ? 'unmergeable' : 'dontneed', { region: 'boot' });
      if (random(2) === 0) await client.kill(id, random(2) === 0);
      await client.removeGuest(guest);
    },
    async 'a tunable changes'() {
      const changes = [
        { pages_to_scan: 1 + random(100_000) },
        { sleep_millisecs: random(3) },
        { smart_scan: random(2) },
        { use_zero_pages: random(2) },
        { run: 0 },
        { run: 1 },
      ];
      await client.setKsm(changes[random(changes.length)] ?? {});
      await client.setKsm({ run: 1, sleep_millisecs: 0, pages_to_scan: 99_999 });
    },
    async 'a snapshot is read'() {
      for await (const _ of (await client.snapshot()).chunks);
    },
    async 'a snapshot is broken off'() {
      for await (const _ of (await client.snapshot()).chunks) if (random(20) === 0) break;
    },
    async 'the log and the events are followed'() {
      await Promise.all([
        firstOf(client.logs({ lines: 3, follow: true }), 1 + random(3)),
        firstOf(client.events(), 1 + random(3)),
      ]);
    },
    async 'the page map and the metrics are asked for'() {
      await client.pageMap();
      await client.metrics();
    },
    async 'an upload breaks off'() {
      const guest = `upload-${passing++}`;
      await client.createGuest(guest);
      const { address } = await client.map(guest, 'memory', { pages: PASSING_PAGES });
      await cutUpload(daemon.socketPath, guest, address, random(PASSING_PAGES * PAGE_BYTES));
      await client.removeGuest(guest);
    },
    async 'the scanner is killed'() {
      await client.restartScanner();
    },
    async 'a writer is killed, and another takes its place'() {
      // The same one is not killed twice at once.
      replaced = replaced.then(() => writers.replace(random(3)));
      await replaced;
    },
    async 'a guest loads its data into huge pages, forks, and its child is collapsed'() {
      const guest = `parent-${passing++}`;
      const { id, region } = await client.run({
        workload: 'load',
        guest,
        pages: FORKED_PAGES,
        huge: true,
        seed: random(1e9),
      });
      await daemon.done(id);
      const child = `${guest}-child`;
      await client.fork(guest, child);
      await client.madvise(child, 'collapse', { region }).catch((error: unknown) => {
        if (!isKsmdError(error, 'ENOMEM') && !isKsmdError(error, 'EAGAIN')) throw error;
      });
      for (const gone of random(2) === 0 ? [guest, child] : [child, guest])
        await client.removeGuest(gone);
    },
    async 'everything is recounted'() {
      const [wrong] = await client.check();
      if (wrong !== undefined) throw new Error(`check: ${wrong}`);
    },
  };
}

async function firstOf<T>(values: AsyncIterable<T>, count: number): Promise<void> {
  let left = count;
  for await (const _ of values) if (--left <= 0) break;
}

/** Announces an upload, sends part of it and breaks off. */
function cutUpload(path: string, guest: string, address: number, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.write(
        `PUT /v1/guests/${guest}/memory?address=${address} HTTP/1.1\r\nhost: x\r\n` +
          `content-length: ${PASSING_PAGES * PAGE_BYTES}\r\n\r\n`,
      );
      socket.write(new Uint8Array(bytes), () => socket.destroy());
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}
