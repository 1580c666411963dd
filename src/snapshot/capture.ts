/**
 * Taking a snapshot of a host while its guests run.
 *
 * The machine stands still only for as long as it takes to note which page maps which frame. From
 * then on every frame noted is held by a reference of the snapshot's own and mapped
 * write-protected, so a guest that writes gets a copy, which takes the frame's place, and the frame
 * is as it was when its turn comes to be sent. Each is let go of as soon as it has been.
 */
import xxhash from 'xxhash-wasm';
import {
  CTL_FOLIOS,
  CTL_FRAMES,
  PTE_FRAME,
  PTE_HELD,
  PTE_MERGEABLE,
  PTE_OWN,
  PTE_PRESENT,
  PTE_STATE,
  PTE_WRITABLE,
  PTE_ZERO,
  RMAP_FLAGS,
  RMAP_HEAD,
  RMAP_STABLE,
  SLOT_WORDS,
} from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import { finish, type LongWork, PAGES_A_STEP } from '../machine/long-work.js';
import {
  CHECKSUM_BYTES,
  encodeHeader,
  mappedPages,
  PAGE_FIRST_FRAME,
  PAGE_LISTED,
  PAGE_MERGEABLE,
  PAGE_UNTOUCHED,
  PAGE_WRITABLE,
  PAGE_ZERO,
} from './format.js';
import { guestsOf } from './guests.js';
import type { SnapshotHeader } from './header-schema.js';
import { marksOf } from './marks.js';

const hasher = await xxhash();

/** Bytes sent at a time, about: copied and hashed in a fraction of a millisecond. */
const CHUNK_BYTES = 1 << 18;

export class Snapshot {
  readonly header: SnapshotHeader;
  private readonly maps: Int32Array;
  /** Frames still to be sent, in order. */
  private readonly frames: Int32Array;

  private constructor(
    private readonly host: Host,
    header: Omit<SnapshotHeader, 'frames'>,
    maps: Int32Array,
    /** A word a frame, or none. */
    private readonly marks: Int32Array,
    frames: Int32Array,
  ) {
    const marked = marks.length > 0 ? { marked: true } : {};
    this.header = { ...header, ...marked, frames: frames.length };
    this.maps = maps;
    this.frames = frames;
  }

  /**
   * Notes everything and write-protects every page. To be called while every other thread stands
   * still. What it returns must be read to its end or given up: `chunks`.
   */
  static take(host: Host): Snapshot {
    return finish(Snapshot.takeInSlices(host));
  }

  /** The same in slices. Once begun it must be gone on with to the end. */
  static *takeInSlices(host: Host): LongWork<Snapshot> {
    const header = {
      kernel: host.profile.name,
      pageSize: host.machine.pageSize,
      ...(host.machine.frameBytes === host.machine.pageSize
        ? {}
        : { frameBytes: host.machine.frameBytes }),
      ...(host.oneIn === 1 ? {} : { oneIn: host.oneIn }),
      ...(host.memory.keyId === undefined ? {} : { keyId: host.memory.keyId }),
      tunables: host.files.tunables(),
      guests: guestsOf(host),
    };
    const maps = new Int32Array(mappedPages({ ...header, frames: 0 }));
    const { frames, isMarked } = yield* note(host, header.guests, maps);
    host.machine.pinned.add(frames);
    const marks = isMarked ? yield* marksOf(host.machine.frames, frames) : new Int32Array();
    return new Snapshot(host, header, maps, marks, frames);
  }

  /** Bytes of the whole file. */
  get byteLength(): number {
    return (
      encodeHeader(this.header).length +
      this.maps.byteLength +
      this.marks.byteLength +
      this.frames.length * this.host.machine.frameBytes +
      CHECKSUM_BYTES
    );
  }

  /**
   * The file, chunk by chunk. Frames are let go of as they are sent, and all of them if the reader
   * stops, before the first chunk too.
   */
  chunks(): IterableIterator<Uint8Array, undefined> {
    const chunks = this.draw();
    return {
      [Symbol.iterator]() {
        return this;
      },
      next: () => chunks.next(),
      return: () => {
        // A generator that has not begun does not come to its `finally`.
        this.giveUp();
        return chunks.return(undefined);
      },
    };
  }

  private *draw(): Generator<Uint8Array, undefined> {
    const { frameBytes } = this.host.machine;
    const digest = hasher.create64();
    const checked = (chunk: Uint8Array): Uint8Array => {
      digest.update(chunk);
      return chunk;
    };
    try {
      yield checked(encodeHeader(this.header));
      for (const { buffer } of [this.maps, this.marks])
        for (let at = 0; at < buffer.byteLength; at += CHUNK_BYTES)
          yield checked(new Uint8Array(buffer, at, Math.min(CHUNK_BYTES, buffer.byteLength - at)));
      const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / frameBytes));
      for (let at = 0; at < this.frames.length; at += perChunk)
        yield checked(this.send(at, Math.min(perChunk, this.frames.length - at)));
      const checksum = Buffer.alloc(CHECKSUM_BYTES);
      checksum.writeBigUInt64LE(digest.digest());
      yield checksum;
      return undefined;
    } finally {
      this.giveUp();
    }
  }

  /** The bytes of `count` frames from the one noted `first` on, which are let go of. */
  private send(first: number, count: number): Uint8Array {
    const { memory, frameBytes } = this.host.machine;
    const { frames } = this;
    const chunk = new Uint8Array(count * frameBytes);
    for (let done = 0; done < count; ) {
      const frame = frames[first + done];
      // Most lie in memory as they were noted: so many are copied at once.
      let run = 1;
      while (done + run < count && frames[first + done + run] === frame + run) run++;
      const start = memory.frameByte(frame);
      chunk.set(memory.u8.subarray(start, start + run * frameBytes), done * frameBytes);
      done += run;
    }
    for (let index = first; index < first + count; index++) this.release(index);
    return chunk;
  }

  /** Lets go of every frame still held, in slices. Other work may come between two. */
  *giveUpInSlices(): LongWork {
    if (!this.host.machine.pinned.has(this.frames)) return;
    for (let index = 0; index < this.frames.length; index++) {
      if (index % PAGES_A_STEP === 0) yield;
      this.release(index);
    }
    this.host.machine.pinned.delete(this.frames);
  }

  private giveUp(): void {
    finish(this.giveUpInSlices());
  }

  private release(index: number): void {
    const frame = this.frames[index];
    if (frame === 0) return;
    // 0 is nobody's: what is let go of is not held again when references are recounted.
    this.frames[index] = 0;
    this.host.machine.frames.put(frame);
  }
}

/** The frames of a snapshot, in order of their numbers in the file. */
interface Noted {
  readonly frames: Int32Array;
  /** It does not go without saying what they are (marks.ts). */
  readonly isMarked: boolean;
}

/** Fills the maps, write-protects what is present and takes a reference to each frame. */
function* note(host: Host, guests: SnapshotHeader['guests'], maps: Int32Array): LongWork<Noted> {
  const { machine } = host;
  const { i32 } = machine.memory;
  // By frame: its place in the file, from 1 on.
  const places = new Int32Array(i32[CTL_FRAMES]);
  const frames = new Int32Array(machine.frames.used);
  const hasHugePages = i32[CTL_FOLIOS] !== 0;
  let isMarked = false;
  let noted = 0;
  let at = 0;
  for (const { name, node: ofGuest, regions } of guests) {
    for (const region of regions) {
      const { node = ofGuest } = region;
      const first = host.guests.firstSlot(name, region.name);
      for (let slot = first; slot < first + region.pages * SLOT_WORDS; slot += SLOT_WORDS) {
        if (at % PAGES_A_STEP === 0) yield;
        const state = i32[slot + PTE_STATE];
        let page = PAGE_UNTOUCHED;
        if ((state & PTE_PRESENT) !== 0) {
          const frame = i32[slot + PTE_FRAME];
          if (places[frame] === 0) {
            machine.frames.get(frame);
            frames[noted++] = frame;
            places[frame] = noted;
            if (machine.frames.numaNode(frame) !== node) isMarked = true;
          }
          page = PAGE_FIRST_FRAME + places[frame] - 1;
          if ((state & PTE_OWN) !== 0) {
            page |= PAGE_WRITABLE;
            i32[slot + PTE_STATE] = (state & ~PTE_WRITABLE) | PTE_HELD;
            if (hasHugePages && machine.frames.folio(frame) !== 0) isMarked = true;
          } else if (machine.frames.stableNode(frame) === 0) isMarked = true;
          else if (isListed(host, slot, frame)) page |= PAGE_LISTED;
        } else if ((state & PTE_ZERO) !== 0) page = PAGE_ZERO;
        maps[at++] = (state & PTE_MERGEABLE) !== 0 ? page | PAGE_MERGEABLE : page;
      }
    }
  }
  return { frames: frames.subarray(0, noted), isMarked };
}

/** The page, which maps a KSM page, is listed from its stable node. */
function isListed({ machine }: Host, slot: number, frame: number): boolean {
  const { i32 } = machine.memory;
  return (
    (i32[slot + RMAP_FLAGS] & RMAP_STABLE) !== 0 &&
    i32[slot + RMAP_HEAD] === machine.frames.stableNode(frame)
  );
}
