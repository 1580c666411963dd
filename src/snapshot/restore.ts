/**
 * Bringing a snapshot back.
 *
 * The whole file is read and its checksum held against its bytes before a host is made: a cut or
 * damaged one is refused with nothing started. Shared frames are shared again from the start, so a
 * host that could only hold its guests merged holds them here too; their pages are KSM pages again.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import xxhash from 'xxhash-wasm';
import { CTL_PAGES_TO_SCAN, PTE_PRESENT, PTE_STATE, PTE_WRITABLE } from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { Host } from '../ksm/host.js';
import { RUN_UNMERGE } from '../ksm/run.js';
import { eachSlot } from '../machine/recover.js';
import { CHUNK_BYTES, FrameWindow, read, readInto } from './file-reading.js';
import {
  CHECKSUM_BYTES,
  decodeHeader,
  frameBytesOf,
  MAGIC,
  mappedPages,
  PAGE_MERGEABLE,
  type SnapshotHeader,
} from './format.js';
import { PageRestorer } from './page-restorer.js';

const hasher = await xxhash();
const MAX_HEADER_BYTES = 1 << 26;

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
    const fd = openSync(path, 'r');
    try {
      const start = read(fd, 0, MAGIC.length + 4);
      if (start.toString('latin1', 0, MAGIC.length) !== MAGIC)
        throw new KsmdError('EINVAL', 'it is no snapshot of ksmd');
      const length = start.readUInt32LE(MAGIC.length);
      if (length > MAX_HEADER_BYTES) throw new KsmdError('EINVAL', 'its header is damaged');
      const header = decodeHeader(read(fd, start.length, length).toString());
      const mapsAt = start.length + length;
      verify(fd, mapsAt + mappedPages(header) * 4 + header.frames * frameBytesOf(header));
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
    const { run, ...others } = header.tunables;
    for (const [name, value] of Object.entries(others)) {
      if (name !== 'pages_to_scan' || others.advisor_mode !== 'scan-time') host.set(name, value);
    }
    // Where the advisor was when the snapshot was taken.
    host.machine.memory.i32[CTL_PAGES_TO_SCAN] = Number(others.pages_to_scan);
    const { machine } = host;
    eachSlot(machine, (slot) => {
      // Whatever was stored is its page's own, and writable, unless it is shared.
      const state = machine.memory.i32[slot + PTE_STATE] & (PTE_PRESENT | PTE_WRITABLE);
      if (state === PTE_PRESENT) host.ksm.adopt(slot, nowMs);
    });
    if (run !== undefined && run !== RUN_UNMERGE) host.set('run', run);
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

/** EINVAL unless the file ends after `length` bytes and their checksum. */
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
  if (readSync(fd, Buffer.alloc(1), 0, 1, length + CHECKSUM_BYTES) !== 0)
    throw new KsmdError('EINVAL', 'it goes on after its end: it is damaged');
}
