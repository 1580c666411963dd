/**
 * Bringing a snapshot back.
 *
 * Before a host is made the whole file is read, its checksum held against its bytes, and what it
 * says against what a machine can have: a cut, damaged or forged one is refused with nothing
 * started. Nothing is reserved or read that the file is not long enough for. Shared frames are
 * shared again from the start, so a host that could only hold its guests merged holds them here
 * too; KSM pages are KSM pages again, huge pages are huge, and what forks share is theirs.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import xxhash from 'xxhash-wasm';
import {
  CTL_FRAMES,
  CTL_MAX_PAGE_SHARING,
  CTL_MERGE_ACROSS_NODES,
  CTL_PAGES_TO_SCAN,
  CTL_SLOTS,
  CTL_STABLE_NODE_CHAINS,
  GUEST_INHERITED_ITEMS,
  GUEST_INHERITED_MERGING,
  GUEST_MERGE_ANY,
  NO_SHARING_LIMIT,
  PTE_FRAME,
  SLOT_WORDS,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { Host } from '../ksm/host.js';
import { RUN_UNMERGE } from '../ksm/run.js';
import type { Machine } from '../machine/machine.js';
import { decodeHeader } from './decode-header.js';
import { CHUNK_BYTES, FrameWindow, read, readInto } from './file-reading.js';
import { tellForks } from './forks.js';
import {
  CHECKSUM_BYTES,
  frameBytesOf,
  MAGIC,
  MAX_HEADER_BYTES,
  mappedPages,
  marksBytes,
  PAGE_FIRST_FRAME,
  PAGE_FRAME_MASK,
  PAGE_LISTED,
  PAGE_MERGEABLE,
  PAGE_WRITABLE,
  versionOf,
} from './format.js';
import type { SnapshotHeader } from './header-schema.js';
import { marksWithout, tellShared } from './marks.js';
import { fitted, mergeEqual } from './other-kernel.js';
import { PageRestorer } from './page-restorer.js';
import { RegionRestorer } from './region-restorer.js';

const hasher = await xxhash();

/** A snapshot file known to be whole. */
export class SnapshotFile {
  private constructor(
    private readonly fd: number,
    readonly header: SnapshotHeader,
    private readonly version: number,
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
      const version = versionOf(start.toString('latin1', 0, MAGIC.length));
      const length = start.readUInt32LE(MAGIC.length);
      if (length > MAX_HEADER_BYTES) throw new KsmdError('EINVAL', 'its header is damaged');
      if (start.length + length > stat.size) throw new KsmdError('EINVAL', 'it is cut short');
      const header = decodeHeader(read(fd, start.length, length).toString());
      const mapsAt = start.length + length;
      const end = framesAt(mapsAt, header) + header.frames * frameBytesOf(header);
      if (stat.size < end + CHECKSUM_BYTES) throw new KsmdError('EINVAL', 'it is cut short');
      if (stat.size > end + CHECKSUM_BYTES)
        throw new KsmdError('EINVAL', 'it goes on after its end: it is damaged');
      verify(fd, end);
      checkMaps(fd, mapsAt, header);
      return new SnapshotFile(fd, header, version, mapsAt);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /**
   * Makes the guests, regions, pages and tunables of the snapshot on a new host of its page size.
   * What the host's kernel lacks is left out: a sentence for each. ENOMEM if its memory is too
   * small.
   */
  restoreTo(host: Host, nowMs: number): string[] {
    const { header, leftOut } = fitted(this.header, host.profile);
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
    const { oneIn = 1 } = header;
    if (host.oneIn !== oneIn)
      throw new KsmdError(
        'EINVAL',
        `the snapshot holds one page in ${oneIn}, the host one in ${host.oneIn}`,
      );
    assertRoom(host.machine, header);
    if (header.keyId !== undefined) host.memory.useKey(header.keyId);
    const maps = this.maps();
    const regions = new RegionRestorer(host);
    const pages = new PageRestorer(host.machine, this.frames(), this.marks(maps), regions.kin);
    let at = 0;
    for (const guest of header.guests) {
      host.createGuest(guest.name, guest.node);
      for (const region of guest.regions) {
        const ofRegion = maps.subarray(at, at + region.pages);
        const slot = regions.map(guest.name, region, ofRegion);
        pages.restore(slot, ofRegion);
        regions.mapStretches(slot, region);
        at += region.pages;
      }
    }
    restoreGuests(host, header);
    // Before there are stable nodes, which some cannot change beside; run comes last, when
    // everything is there.
    const { run, pages_to_scan: pagesToScan, ...others } = header.tunables;
    const { i32 } = host.machine.memory;
    if (pagesToScan !== undefined) host.files.set('pages_to_scan', pagesToScan);
    // Where the advisor was when the snapshot was taken: one that is set begins anew.
    const chosen = i32[CTL_PAGES_TO_SCAN];
    for (const [name, value] of Object.entries(others)) host.files.set(name, value);
    i32[CTL_PAGES_TO_SCAN] = chosen;
    const merged = mergeEqual(host, header);
    listMerged(host, header, maps, nowMs);
    for (const frame of pages.unlisted) host.machine.frames.own(frame);
    tellForks(host);
    if (run !== undefined && Number(run) !== RUN_UNMERGE) host.files.set('run', run);
    return [...leftOut, ...merged];
  }

  close(): void {
    closeSync(this.fd);
  }

  private maps(): Int32Array {
    const maps = new Int32Array(mappedPages(this.header));
    readInto(this.fd, this.mapsAt, new Uint8Array(maps.buffer));
    if (this.version === 1) tellShared(maps, this.header.frames);
    return maps;
  }

  /** A word a frame. */
  private marks(maps: Int32Array): Int32Array {
    const { fd, header, mapsAt } = this;
    if (header.marked !== true) return marksWithout(maps, header.frames);
    const marks = new Int32Array(header.frames);
    readInto(fd, mapsAt + maps.byteLength, new Uint8Array(marks.buffer));
    return marks;
  }

  private frames(): FrameWindow {
    const { fd, header, mapsAt } = this;
    const position = framesAt(mapsAt, header);
    return new FrameWindow(fd, position, frameBytesOf(header), header.frames);
  }
}

/** Where the frames begin, behind maps and marks. */
function framesAt(mapsAt: number, header: SnapshotHeader): number {
  return mapsAt + mappedPages(header) * 4 + marksBytes(header);
}

/** ENOSPC unless the machine has room for so many pages: before their maps are read. */
function assertRoom(machine: Machine, header: SnapshotHeader): void {
  const pages = mappedPages(header);
  const slots = machine.memory.i32[CTL_SLOTS];
  if (pages > slots)
    throw new KsmdError('ENOSPC', `no room for ${pages} registered pages: at most ${slots}`);
}

/** What guests are told and known by besides their pages. */
function restoreGuests(host: Host, { guests }: SnapshotHeader): void {
  const { i32, core } = host.machine.memory;
  for (const { name, inherited, mergesAny } of guests) {
    if (mergesAny === true) {
      // prctl would advise pages that madvise has taken out since.
      if (!host.profile.prctlMerge)
        throw new KsmdError('EINVAL', `Linux ${host.profile.name} has no PR_SET_MEMORY_MERGE`);
      i32[host.guests.pointer(name) + GUEST_MERGE_ANY] = 1;
    }
    if (inherited === undefined) continue;
    if (!host.profile.forkInheritsCounts)
      throw new KsmdError('EINVAL', `Linux ${host.profile.name} has no counts inherited`);
    i32[host.guests.pointer(name) + GUEST_INHERITED_ITEMS] = inherited.items;
    i32[host.guests.pointer(name) + GUEST_INHERITED_MERGING] = inherited.merging;
  }
  const listed = guests.filter(({ khugepaged }) => khugepaged !== undefined);
  for (const { name } of listed.sort((a, b) => (a.khugepaged ?? 0) - (b.khugepaged ?? 0)))
    core.enterKhugepaged(host.guests.pointer(name));
}

/**
 * Lists the pages of KSM pages in the stable tree, as `maps` say. EINVAL if KSM would not have
 * merged those with the tunables as they are; what a fork shares beyond that is its own.
 */
function listMerged(host: Host, header: SnapshotHeader, maps: Int32Array, nowMs: number): void {
  const { machine, ksm, profile } = host;
  const { i32, core } = machine.memory;
  const limit = i32[CTL_MAX_PAGE_SHARING];
  const isAcrossNodes = i32[CTL_MERGE_ACROSS_NODES] !== 0;
  // By frame: how many pages map it that no fork made.
  const unforked = new Int32Array(i32[CTL_FRAMES]);
  let areAllListed = true;
  eachFrame(host, header, maps, (slot, frame, map, isForked) => {
    const isListed = (map & PAGE_LISTED) !== 0;
    if (!machine.frames.isKsm(frame)) {
      if (isListed) throw new KsmdError('EINVAL', 'a page of it is merged with none');
      return;
    }
    if (!isListed) {
      if (!isForked)
        throw new KsmdError('EINVAL', 'a page of it shares a frame, and is not known to');
      areAllListed = false;
      return;
    }
    if ((map & PAGE_MERGEABLE) === 0)
      throw new KsmdError('EINVAL', 'a page of it shares a frame, and is not mergeable');
    if (!isForked && ++unforked[frame] > limit && limit !== NO_SHARING_LIMIT)
      throw new KsmdError('EINVAL', `more pages of it share a frame than the ${limit} that may`);
    ksm.adopt(slot, nowMs);
  });
  // Those whose listed pages are gone are in the tree for what forks have of them.
  if (!areAllListed)
    eachFrame(host, header, maps, (_slot, frame) => {
      if (machine.frames.isKsm(frame) && machine.frames.stableNode(frame) === 0)
        core.stableInsert(frame, isAcrossNodes ? 0 : machine.frames.numaNode(frame), nowMs);
    });
  if (profile.chains === 'none' && i32[CTL_STABLE_NODE_CHAINS] > 0)
    throw new KsmdError('EINVAL', `Linux ${profile.name} shares no content in two frames`);
}

/** Calls `visit` with each page that has a frame. */
function eachFrame(
  host: Host,
  { guests }: SnapshotHeader,
  maps: Int32Array,
  visit: (slot: number, frame: number, map: number, isForked: boolean) => void,
): void {
  const { i32 } = host.machine.memory;
  let at = 0;
  for (const { name, regions } of guests)
    for (const region of regions) {
      const first = host.guests.firstSlot(name, region.name);
      for (let slot = first; slot < first + region.pages * SLOT_WORDS; slot += SLOT_WORDS) {
        const map = maps[at++];
        const frame = i32[slot + PTE_FRAME];
        if (frame !== 0) visit(slot, frame, map, region.kin !== undefined);
        else if ((map & PAGE_LISTED) !== 0)
          throw new KsmdError('EINVAL', 'a page of it is merged with none');
      }
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

/** EINVAL if a page maps what there is not, or may write what is not there. */
function checkMaps(fd: number, mapsAt: number, header: SnapshotHeader): void {
  const pages = mappedPages(header);
  const maps = new Int32Array(CHUNK_BYTES / 4);
  for (let done = 0; done < pages; ) {
    const chunk = maps.subarray(0, Math.min(maps.length, pages - done));
    readInto(fd, mapsAt + done * 4, new Uint8Array(chunk.buffer, 0, chunk.byteLength));
    for (const map of chunk) {
      const page = map & PAGE_FRAME_MASK;
      if (page < 0 || page >= PAGE_FIRST_FRAME + header.frames)
        throw new KsmdError('EINVAL', 'a page of it maps a frame that it does not hold');
      if (page < PAGE_FIRST_FRAME && (map & PAGE_WRITABLE) !== 0)
        throw new KsmdError('EINVAL', 'a page of it is writable, and maps no frame');
    }
    done += chunk.length;
  }
}
