/**
 * Bringing a snapshot back.
 *
 * Before a host is made the whole file is read, its checksum held against its bytes, and what it
 * says against what a machine can have: a cut, damaged or forged one is refused with nothing
 * started. Nothing is reserved or read that the file is not long enough for. Shared frames are
 * shared again from the start, so a host that could only hold its guests merged holds them here
 * too; their pages are KSM pages again.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import xxhash from 'xxhash-wasm';
import {
  CTL_MAX_PAGE_SHARING,
  CTL_MERGE_ACROSS_NODES,
  CTL_PAGES_TO_SCAN,
  CTL_SLOTS,
  CTL_STABLE_NODE_CHAINS,
  GUEST_NUMA_NODE,
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  PTE_WRITABLE,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { Host } from '../ksm/host.js';
import { RUN_UNMERGE } from '../ksm/run.js';
import { finish } from '../machine/long-work.js';
import type { Machine } from '../machine/machine.js';
import { eachSlot } from '../machine/recover.js';
import { CHUNK_BYTES, FrameWindow, read, readInto } from './file-reading.js';
import {
  CHECKSUM_BYTES,
  decodeHeader,
  frameBytesOf,
  MAGIC,
  MAX_HEADER_BYTES,
  mappedPages,
  PAGE_FIRST_FRAME,
  PAGE_MERGEABLE,
  type SnapshotHeader,
} from './format.js';
import { PageRestorer } from './page-restorer.js';

const hasher = await xxhash();

/** A snapshot file known to be whole. */
export class SnapshotFile {
  private constructor(
    private readonly fd: number,
    readonly header: SnapshotHeader,
    /** Where the maps begin. */
    private readonly mapsAt: number,
  ) {}

  /**
   * Opens a file and checks all of it. EINVAL says what is wrong with it; errors of the file
   * system pass through.
   */
  static open(path: string): SnapshotFile {
    // A pipe that nobody writes to is not waited for.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new KsmdError('EINVAL', 'it is no regular file');
      const start = read(fd, 0, MAGIC.length + 4);
      if (start.toString('latin1', 0, MAGIC.length) !== MAGIC)
        throw new KsmdError('EINVAL', 'it is no snapshot of ksmd');
      const length = start.readUInt32LE(MAGIC.length);
      if (length > MAX_HEADER_BYTES) throw new KsmdError('EINVAL', 'its header is damaged');
      if (start.length + length > stat.size) throw new KsmdError('EINVAL', 'it is cut short');
      const header = decodeHeader(read(fd, start.length, length).toString());
      const mapsAt = start.length + length;
      const end = mapsAt + mappedPages(header) * 4 + header.frames * frameBytesOf(header);
      if (stat.size < end + CHECKSUM_BYTES) throw new KsmdError('EINVAL', 'it is cut short');
      if (stat.size > end + CHECKSUM_BYTES)
        throw new KsmdError('EINVAL', 'it goes on after its end: it is damaged');
      verify(fd, end);
      checkMaps(fd, mapsAt, header);
      return new SnapshotFile(fd, header, mapsAt);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /**
   * Makes the guests, regions, pages and tunables of the snapshot on a new host of its page size.
   * ENOMEM if its memory is too small.
   */
  restoreTo(host: Host, nowMs: number): void {
    const { header } = this;
    if (host.machine.pageSize !== header.pageSize) {
      throw new KsmdError(
        'EINVAL',
        `the snapshot's pages are of ${header.pageSize} bytes, the host's of ` +
          `${host.machine.pageSize}`,
      );
    }
    if (host.machine.frameBytes !== frameBytesOf(header)) {
      throw new KsmdError(
        'EINVAL',
        `the snapshot holds ${frameBytesOf(header)} bytes of a page, the host ` +
          `${host.machine.frameBytes}`,
      );
    }
    assertRoom(host.machine, header);
    const maps = this.maps();
    const restorer = new PageRestorer(host.machine, this.frames(), header.frames);
    let at = 0;
    for (const { name, node, regions } of header.guests) {
      host.createGuest(name, node);
      for (const { name: regionName, address, pages } of regions) {
        host.map(name, regionName, pages, { address, mergeable: false });
        const ofRegion = maps.subarray(at, at + pages);
        adviseMergeable(host, name, address, ofRegion);
        restorer.restore(host.firstSlot(name, regionName), ofRegion);
        at += pages;
      }
    }
    // Before there are stable nodes, which some cannot change beside; run comes last, when
    // everything is there.
    const { run, pages_to_scan: pagesToScan, ...others } = header.tunables;
    const { i32 } = host.machine.memory;
    if (pagesToScan !== undefined) host.set('pages_to_scan', pagesToScan);
    // Where the advisor was when the snapshot was taken: one that is set begins anew.
    const chosen = i32[CTL_PAGES_TO_SCAN];
    for (const [name, value] of Object.entries(others)) host.set(name, value);
    i32[CTL_PAGES_TO_SCAN] = chosen;
    adoptShared(host, nowMs);
    if (run !== undefined && Number(run) !== RUN_UNMERGE) host.set('run', run);
  }

  close(): void {
    closeSync(this.fd);
  }

  private maps(): Int32Array {
    const maps = new Int32Array(mappedPages(this.header));
    readInto(this.fd, this.mapsAt, new Uint8Array(maps.buffer));
    return maps;
  }

  private frames(): FrameWindow {
    const { fd, header, mapsAt } = this;
    const framesAt = mapsAt + mappedPages(header) * 4;
    return new FrameWindow(fd, framesAt, frameBytesOf(header), header.frames);
  }
}

/** ENOSPC unless the machine has room for so many pages: before their maps are read. */
function assertRoom(machine: Machine, header: SnapshotHeader): void {
  const pages = mappedPages(header);
  const slots = machine.memory.i32[CTL_SLOTS];
  if (pages > slots)
    throw new KsmdError('ENOSPC', `no room for ${pages} registered pages: at most ${slots}`);
}

/**
 * Makes KSM pages of the frames that several pages map. EINVAL if KSM would not have merged those
 * with the tunables as they are.
 */
function adoptShared({ machine, ksm, profile }: Host, nowMs: number): void {
  const { i32 } = machine.memory;
  const limit = i32[CTL_MAX_PAGE_SHARING];
  finish(
    eachSlot(machine, (slot, guest) => {
      const state = i32[slot + PTE_STATE];
      // Whatever was stored is its page's own, and writable, unless it is shared.
      if ((state & (PTE_PRESENT | PTE_WRITABLE)) !== PTE_PRESENT) return;
      const frame = i32[slot + PTE_FRAME];
      if ((state & PTE_MERGEABLE) === 0)
        throw new KsmdError('EINVAL', 'a page of it shares a frame, and is not mergeable');
      if (machine.frames.mapcount(frame) > limit)
        throw new KsmdError('EINVAL', `more pages of it share a frame than the ${limit} that may`);
      if (
        i32[CTL_MERGE_ACROSS_NODES] === 0 &&
        machine.frames.numaNode(frame) !== i32[guest + GUEST_NUMA_NODE]
      )
        throw new KsmdError('EINVAL', 'a page of it shares a frame of another NUMA node');
      ksm.adopt(slot, nowMs);
    }),
  );
  if (profile.chains === 'none' && i32[CTL_STABLE_NODE_CHAINS] > 0)
    throw new KsmdError('EINVAL', `Linux ${profile.name} shares no content in two frames`);
}

/** Advises the pages that were mergeable, run by run. */
function adviseMergeable(host: Host, guest: string, address: number, pages: Int32Array): void {
  const { pageSize } = host.machine;
  for (let page = 0; page < pages.length; ) {
    const start = page;
    const mergeable = (pages[start] & PAGE_MERGEABLE) !== 0;
    while (page < pages.length && ((pages[page] & PAGE_MERGEABLE) !== 0) === mergeable) page++;
    if (mergeable)
      host.madvise(guest, address + start * pageSize, (page - start) * pageSize, 'mergeable');
  }
}

/** EINVAL unless the checksum of the first `length` bytes follows them. */
function verify(fd: number, length: number): void {
  const digest = hasher.create64();
  const bytes = new Uint8Array(CHUNK_BYTES);
  for (let done = 0; done < length; ) {
    const chunk = bytes.subarray(0, Math.min(CHUNK_BYTES, length - done));
    readInto(fd, done, chunk);
    digest.update(chunk);
    done += chunk.length;
  }
  if (read(fd, length, CHECKSUM_BYTES).readBigUInt64LE() !== digest.digest())
    throw new KsmdError('EINVAL', 'its checksum is wrong: it is damaged');
}

/** EINVAL if a page maps what there is not. */
function checkMaps(fd: number, mapsAt: number, header: SnapshotHeader): void {
  const pages = mappedPages(header);
  const maps = new Int32Array(CHUNK_BYTES / 4);
  for (let done = 0; done < pages; ) {
    const chunk = maps.subarray(0, Math.min(maps.length, pages - done));
    readInto(fd, mapsAt + done * 4, new Uint8Array(chunk.buffer, 0, chunk.byteLength));
    for (const map of chunk) {
      const page = map & ~PAGE_MERGEABLE;
      if (page < 0 || page >= PAGE_FIRST_FRAME + header.frames)
        throw new KsmdError('EINVAL', 'a page of it maps a frame that it does not hold');
    }
    done += chunk.length;
  }
}
