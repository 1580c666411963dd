/**
 * The one shared memory: how large each table is, where it starts, and views of it for the thread
 * at hand.
 *
 * It is reserved whole when it is made; the operating system commits what is touched. Everything in
 * it is 0 at first, which every structure takes as "free" or "none".
 */
import {
  CONTROL_END,
  CTL_FIRST_PAGE,
  CTL_FRAME_TABLE,
  CTL_FRAMES,
  CTL_FREE_MAP,
  CTL_FRESH_FRAME,
  CTL_GUEST_TABLE,
  CTL_GUESTS,
  CTL_MAGIC,
  CTL_PAGE_SIZE,
  CTL_POPULATION_TABLE,
  CTL_REGION_TABLE,
  CTL_REGIONS,
  CTL_SLOT_TABLE,
  CTL_SLOTS,
  CTL_STABLE_NODE_TABLE,
  CTL_STABLE_NODES,
  FRAME_WORDS,
  GUEST_WORDS,
  POPULATION_SHIFT,
  REGION_WORDS,
  SLOT_WORDS,
  STABLE_NODE_WORDS,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import { checksum } from './checksum.js';
import { type Core, loadCore } from './core.js';
import { assertFrameSizes } from './frame-sizes.js';

const MAGIC = 0x6b736d64;
const WASM_PAGE = 65536;
const MAX_BYTES = 65536 * WASM_PAGE;

export interface Geometry {
  /** Bytes of simulated physical memory; a multiple of the page size. */
  readonly memoryBytes: number;
  /** Bytes a page: a power of two, 16 to 65536. Default 4096. */
  readonly pageSize?: number;
  /** How many pages guests may register in all. Default: four times as many as there are frames. */
  readonly guestPages?: number;
  /** Default 1024. */
  readonly maxGuests?: number;
  /** Default 16384. */
  readonly maxRegions?: number;
}

export class SharedMemory {
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
  readonly f64: Float64Array;
  readonly core: Core;
  readonly pageSize: number;
  /** Pointer of the first slot. */
  readonly slotTable: number;
  readonly frameTable: number;
  private readonly firstFrameByte: number;

  /**
   * `holder` names this thread in pte locks: HOLDER_API, HOLDER_SCANNER, or a number above those up
   * to 255 that no other thread has.
   */
  private constructor(
    readonly memory: WebAssembly.Memory,
    holder: number,
  ) {
    this.i32 = new Int32Array(memory.buffer);
    this.u8 = new Uint8Array(memory.buffer);
    this.f64 = new Float64Array(memory.buffer);
    if (this.i32[CTL_MAGIC] !== MAGIC)
      throw new KsmdError('EINVAL', 'this memory holds no machine');
    this.pageSize = this.i32[CTL_PAGE_SIZE];
    this.slotTable = this.i32[CTL_SLOT_TABLE];
    this.frameTable = this.i32[CTL_FRAME_TABLE];
    this.firstFrameByte = this.i32[CTL_FIRST_PAGE] * this.pageSize;
    this.core = loadCore(memory, (frame) => this.frameChecksum(frame), holder);
  }

  /** Reserves a new machine's memory, for the thread `holder`. EINVAL if it cannot be had. */
  static create(geometry: Geometry, holder: number): SharedMemory {
    const { memoryBytes, pageSize = 4096 } = geometry;
    assertFrameSizes(memoryBytes, pageSize);
    // Frame 0 is the zero page, which no guest owns.
    const frames = memoryBytes / pageSize + 1;
    const slots = geometry.guestPages ?? Math.max(frames * 4, 4096);
    const guests = geometry.maxGuests ?? 1024;
    const regions = geometry.maxRegions ?? 16384;
    // A stale node may outlive its frame until a search passes it, and a chain needs a head: twice
    // the frames is ample.
    const stableNodes = frames * 2;

    let end = CONTROL_END;
    const table = (words: number): number => {
      const start = (end + 15) & ~15;
      end = start + words;
      return start;
    };
    const frameTable = table(frames * FRAME_WORDS);
    const freeMap = table((frames >> 5) + 1);
    const populationTable = table((slots >> POPULATION_SHIFT) + 1);
    const guestTable = table(guests * GUEST_WORDS);
    const regionTable = table(regions * REGION_WORDS);
    const stableNodeTable = table(stableNodes * STABLE_NODE_WORDS);
    const slotTable = table(slots * SLOT_WORDS);
    const firstPage = Math.ceil((end * 4) / pageSize);
    const bytes = (firstPage + frames) * pageSize;
    if (bytes > MAX_BYTES) {
      const room = MAX_BYTES - firstPage * pageSize;
      throw new KsmdError(
        'EINVAL',
        `a memory of ${memoryBytes} bytes with ${slots} guest pages needs ${bytes} bytes, ` +
          `of at most ${MAX_BYTES}: take a smaller memory` +
          (room > 0 ? ` (with these tables, under ${room} bytes)` : ''),
      );
    }
    const wasmPages = Math.ceil(bytes / WASM_PAGE);
    const memory = new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages, shared: true });
    const i32 = new Int32Array(memory.buffer);
    i32[CTL_PAGE_SIZE] = pageSize;
    i32[CTL_FRAMES] = frames;
    i32[CTL_SLOTS] = slots;
    i32[CTL_GUESTS] = guests;
    i32[CTL_REGIONS] = regions;
    i32[CTL_STABLE_NODES] = stableNodes;
    i32[CTL_FRAME_TABLE] = frameTable;
    i32[CTL_FREE_MAP] = freeMap;
    i32[CTL_POPULATION_TABLE] = populationTable;
    i32[CTL_GUEST_TABLE] = guestTable;
    i32[CTL_REGION_TABLE] = regionTable;
    i32[CTL_STABLE_NODE_TABLE] = stableNodeTable;
    i32[CTL_SLOT_TABLE] = slotTable;
    i32[CTL_FIRST_PAGE] = firstPage;
    i32[CTL_FRESH_FRAME] = 1;
    i32[CTL_MAGIC] = MAGIC;
    return new SharedMemory(memory, holder);
  }

  /** Views of a machine's memory made by another thread, for the thread `holder`. */
  static attach(memory: WebAssembly.Memory, holder: number): SharedMemory {
    return new SharedMemory(memory, holder);
  }

  /** Byte index of a frame's first byte. */
  frameByte(frame: number): number {
    return this.firstFrameByte + frame * this.pageSize;
  }

  /** The checksum of a frame's page. */
  frameChecksum(frame: number): number {
    const start = this.frameByte(frame);
    return checksum(this.u8.subarray(start, start + this.pageSize));
  }
}
