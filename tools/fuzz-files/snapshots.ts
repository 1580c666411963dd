/**
 * Snapshots of several hosts, changed: in the header, in the maps, in the frames, or as bytes like
 * any others; and sealed again, so that the checksum keeps nobody from looking.
 */
import { ManualClock } from '../../src/ksm/clock.js';
import { Host, type HostOptions } from '../../src/ksm/host.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import { Snapshot } from '../../src/snapshot/capture.js';
import {
  frameBytesOf,
  MARK_HUGE_PAGE_SHIFT,
  mappedPages,
  marksBytes,
  PAGE_FIRST_FRAME,
  PAGE_LISTED,
  PAGE_MERGEABLE,
  PAGE_WRITABLE,
} from '../../src/snapshot/format.js';
import type { SnapshotHeader } from '../../src/snapshot/header-schema.js';
import { mutatedJson, picked, type Random } from './mutated-json.js';
import { putTogether, type SnapshotParts, sealed, takenApart } from './sealed.js';

const PAGE = 64;
/** A header is given what it asks for up to here: it is not to be refused for its length alone. */
const MOST_FITTED = 1 << 18;
const MAGICS = ['KSMDSNP1', 'KSMDSNP3', 'KSMDSNP0', 'KSMDSNPX'];

export const SNAPSHOTS: readonly Uint8Array[] = [
  snapshotOf({}, {}),
  snapshotOf({ kernel: '2.6.32' }, {}),
  snapshotOf({ kernel: '6.1' }, { use_zero_pages: 1, max_page_sharing: 2 }),
  snapshotOf({}, { use_zero_pages: 1, merge_across_nodes: 0, max_page_sharing: 3 }),
  snapshotOf({}, { advisor_mode: 'scan-time', change_detection: 'dirty' }),
  snapshotOf({ frameBytes: 16, memoryBytes: 1 << 22 }, {}),
  hugeSnapshotOf('6.1'),
  hugeSnapshotOf('6.18'),
];

/** Two guests on two NUMA nodes that have merged, with regions of each kind. */
function snapshotOf(
  options: Partial<HostOptions>,
  tunables: Readonly<Record<string, number | string>>,
): Uint8Array {
  const host = Host.create(
    { memoryBytes: 100 * PAGE, pageSize: PAGE, guestPages: 200, ...options },
    new ManualClock(),
  );
  for (const [name, value] of Object.entries(tunables)) host.files.set(name, value);
  const { frameBytes } = host.machine;
  for (const [node, name] of ['a', 'b'].entries()) {
    host.createGuest(name, node);
    const { address } = host.map(name, 'r', 12, { address: PAGE });
    host.map(name, 'plain', 3, { address: 100 * PAGE, mergeable: false });
    const contents = [0, 1, 1, 1, 2, 2, 3, 10 + node].map((content) =>
      new Uint8Array(frameBytes).fill(content),
    );
    host.memory.storePages(name, address, Buffer.concat(contents));
    host.memory.storePages(name, 100 * PAGE, new Uint8Array(frameBytes).fill(7));
  }
  for (let scan = 0; scan < 5; scan++) host.ksm.scan(1000);
  host.files.set('run', 1);
  return Buffer.concat([...Snapshot.take(host).chunks()]);
}

/** A guest with huge pages, its child and its child's child, that write and merge since. */
function hugeSnapshotOf(kernel: ProfileName): Uint8Array {
  const host = Host.create(
    { memoryBytes: 3000 * PAGE, pageSize: PAGE, guestPages: 4000, kernel },
    new ManualClock(),
  );
  const at = 512 * PAGE;
  const write = (guest: string, page: number, content: number): void =>
    host.memory.store(guest, at + page * PAGE, new Uint8Array(PAGE).fill(content));
  host.createGuest('a');
  host.map('a', 'h', 1100, { address: at, huge: true, mergeable: false });
  host.madvise('a', at + 512 * PAGE, 588 * PAGE, 'mergeable');
  host.map('a', 'r', 8, { address: PAGE });
  for (const page of [0, 1, 2, 600, 1030, 1031]) write('a', page, 1);
  for (let page = 0; page < 4; page++)
    host.memory.store('a', PAGE * (1 + page), new Uint8Array(PAGE).fill(page));
  for (let scan = 0; scan < 2; scan++) host.ksm.scan(5000);
  host.fork('a', 'b');
  host.fork('b', 'c');
  write('b', 700, 2);
  write('c', 20, 3);
  host.madvise('c', at, 512 * PAGE, 'collapse');
  host.madvise('b', at + 1024 * PAGE, 4 * PAGE, 'unmergeable');
  host.unmap('c', 'r');
  return Buffer.concat([...Snapshot.take(host).chunks()]);
}

/** One of them, changed. */
export function mutatedSnapshot(random: Random): Buffer {
  const file = picked(SNAPSHOTS, random);
  const kind = random(10);
  if (kind === 0) return bytesChanged(Buffer.from(file), random);
  const parts = takenApart(file);
  if (kind < 6) parts.header = mutatedJson(parts.header, random);
  if (kind < 5) fitted(parts);
  if (kind > 4) mapsChanged(parts, random);
  if (random(4) === 0) framesChanged(parts, random);
  if (random(3) === 0) marksChanged(parts, random);
  if (random(12) === 0) parts.magic = picked(MAGICS, random);
  const whole = putTogether(parts);
  return random(10) === 0 ? bytesChanged(whole, random) : whole;
}

/** Maps and frames as long as the header, if it is one, says. */
function fitted(parts: SnapshotParts): void {
  try {
    const header: SnapshotHeader = JSON.parse(parts.header);
    parts.maps = resized(parts.maps, mappedPages(header) * 4);
    parts.marks = resized(parts.marks, marksBytes(header));
    parts.frames = resized(parts.frames, header.frames * frameBytesOf(header));
  } catch {
    // What is no header any more says nothing of lengths.
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 0 || length > MOST_FITTED) return bytes;
  const longer = new Uint8Array(length);
  longer.set(bytes.subarray(0, length));
  return longer;
}

function mapsChanged({ maps, frames }: SnapshotParts, random: Random): void {
  if (maps.length < 4) return;
  const pages = new DataView(maps.buffer, maps.byteOffset, maps.length & ~3);
  for (let left = 1 + random(4); left > 0; left--) {
    // Most are to be of what there is: more is refused at the door.
    const page =
      random(16) === 0
        ? picked([-1, PAGE_FIRST_FRAME + frames.length, random(2 ** 32)], random)
        : random(PAGE_FIRST_FRAME + 8);
    const mergeable = random(3) === 0 ? 0 : PAGE_MERGEABLE;
    const writable = picked([0, PAGE_WRITABLE, PAGE_LISTED], random);
    pages.setInt32(random(maps.length >> 2) * 4, page | mergeable | writable, true);
  }
}

function marksChanged({ marks }: SnapshotParts, random: Random): void {
  if (marks.length < 4) return;
  const words = new DataView(marks.buffer, marks.byteOffset, marks.length & ~3);
  for (let left = 1 + random(3); left > 0; left--) {
    const hugePage = random(8) === 0 ? random(2 ** 30) : random(5);
    const mark = (hugePage << MARK_HUGE_PAGE_SHIFT) | random(4);
    words.setInt32(random(marks.length >> 2) * 4, random(4) === 0 ? random(2 ** 32) : mark, true);
  }
}

function framesChanged({ frames }: SnapshotParts, random: Random): void {
  const size = picked([16, PAGE], random);
  const from = random(frames.length / size + 1) * size;
  const to = random(frames.length / size + 1) * size;
  if (random(2) === 0) frames.copyWithin(to, from, from + size);
  else frames.fill(0, to, to + size);
}

/** Flipped, cut, spliced or longer; sealed again as a rule. */
function bytesChanged(file: Buffer, random: Random): Buffer {
  const at = random(file.length);
  const other = picked(SNAPSHOTS, random);
  const changed = picked(
    [
      () => file.fill(random(256), at, Math.min(file.length, at + 1 + random(4))),
      () => file.subarray(0, at),
      () => Buffer.concat([file.subarray(0, at), other.subarray(random(other.length))]),
      () => Buffer.concat([file.subarray(0, at), file.subarray(random(file.length))]),
      () => Buffer.concat([file, Buffer.alloc(random(5000))]),
      () => {
        if (file.length >= 12) file.writeUInt32LE(random(2 ** 32), 8);
        return file;
      },
    ],
    random,
  )();
  return random(5) === 0 ? changed : sealed(changed);
}
