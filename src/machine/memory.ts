/**
 * The one shared memory: made, with the places of its tables written down, and viewed from the
 * thread at hand.
 *
 * It is reserved whole when it is made; the operating system commits what is touched. Everything in
 * it is 0 at first, which every structure takes as "free" or "none". How large each table is,
 * geometry.ts says.
 */
import {
  CTL_FRAME_BASE,
  CTL_FRAME_BYTES,
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
  CTL_STRETCH_TABLE,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import { checksum } from './checksum.js';
import { type Core, loadCore } from './core.js';
import { geometryOf, type MachineSize } from './geometry.js';

const MAGIC = 0x6b736d64;
const WASM_PAGE = 65536;

export class SharedMemory {
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
  readonly f64: Float64Array;
  readonly core: Core;
  /** Bytes of a guest's page. */
  readonly pageSize: number;
  /** Bytes stored of it. */
  readonly frameBytes: number;
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
    this.frameBytes = this.i32[CTL_FRAME_BYTES];
    this.slotTable = this.i32[CTL_SLOT_TABLE];
    this.frameTable = this.i32[CTL_FRAME_TABLE];
    this.firstFrameByte = this.i32[CTL_FRAME_BASE] * this.frameBytes;
    this.core = loadCore(memory, (frame) => this.frameChecksum(frame), holder);
  }

  /** Reserves a machine's memory, for the thread `holder`. EINVAL or ENOMEM if that cannot be. */
  static create(size: MachineSize, holder: number): SharedMemory {
    const geometry = geometryOf(size);
    const memory = reserve(geometry.bytes);
    const i32 = new Int32Array(memory.buffer);
    i32[CTL_PAGE_SIZE] = geometry.pageSize;
    i32[CTL_FRAME_BYTES] = geometry.frameBytes;
    i32[CTL_FRAMES] = geometry.frames;
    i32[CTL_SLOTS] = geometry.slots;
    i32[CTL_GUESTS] = geometry.guests;
    i32[CTL_REGIONS] = geometry.regions;
    i32[CTL_STABLE_NODES] = geometry.stableNodes;
    i32[CTL_FRAME_TABLE] = geometry.frameTable;
    i32[CTL_FREE_MAP] = geometry.freeMap;
    i32[CTL_POPULATION_TABLE] = geometry.populationTable;
    i32[CTL_STRETCH_TABLE] = geometry.stretchTable;
    i32[CTL_GUEST_TABLE] = geometry.guestTable;
    i32[CTL_REGION_TABLE] = geometry.regionTable;
    i32[CTL_STABLE_NODE_TABLE] = geometry.stableNodeTable;
    i32[CTL_SLOT_TABLE] = geometry.slotTable;
    i32[CTL_FRAME_BASE] = geometry.frameBase;
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
    return this.firstFrameByte + frame * this.frameBytes;
  }

  /** The checksum of a frame's bytes. */
  frameChecksum(frame: number): number {
    const start = this.frameByte(frame);
    return checksum(this.u8.subarray(start, start + this.frameBytes));
  }
}

/** ENOMEM if the operating system does not give so much. */
function reserve(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / WASM_PAGE);
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new KsmdError('ENOMEM', `a memory of ${bytes} bytes cannot be had: ${reason}`);
  }
}
