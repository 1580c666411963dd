/**
 * How large a machine's tables are, and where in its memory each begins.
 *
 * A host whose frames hold whole pages is given its physical memory, and the tables come on top. A
 * host whose frames are smaller than the page holds fingerprints: it is given the bytes of all
 * there is, tables included, and has as many pages as fit, each with a frame of its own, or as many
 * frames as a sample of them takes. Pure arithmetic: nothing is reserved here.
 */
import {
  CONTROL_END,
  FRAME_WORDS,
  GUEST_WORDS,
  POPULATION_SHIFT,
  REGION_WORDS,
  SLOT_WORDS,
  STABLE_NODE_WORDS,
  STRETCH_SHIFT,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import { DEFAULT_PAGE_SIZE } from '../names.js';
import { assertFingerprintSizes, assertFrameSizes } from './frame-sizes.js';

/** What a wasm memory of 32-bit addresses can have. */
export const MAX_BYTES = 2 ** 32;

/** More pages than fit anywhere: a power of two. */
export const TOO_MANY_PAGES = 2 ** 28;
const FEWEST_GUEST_PAGES = 4096;
/** With frames of whole pages, memory may be overcommitted so many times. */
const GUEST_PAGES_A_FRAME = 4;
/**
 * With frames of whole pages: a stale node may outlive its frame until a search passes it, and a
 * chain needs a head. Twice the frames is ample.
 */
const STABLE_NODES_A_FRAME = 2;
/**
 * With fingerprints, where a stable node is as large as a slot: enough for all pages merged two by
 * two, and each two such nodes in a chain. Where stable nodes run out, equal pages stay apart.
 */
const STABLE_NODES_A_FINGERPRINT = 0.75;
/** Of a sample, which is by content, more or less of the pages may be than one in so many. */
const FRAMES_A_SAMPLED_PAGE = 2;

export interface MachineSize {
  /**
   * Bytes of simulated physical memory, a multiple of the page size; with frames smaller than a
   * page, bytes of all there is.
   */
  readonly memoryBytes: number;
  /** Bytes of a guest's page: a power of two, 16 to 65536. Default 4096. */
  readonly pageSize?: number;
  /** Bytes stored of a page: a power of two, 16 to the page size, which is the default. */
  readonly frameBytes?: number;
  /** With fingerprints: a sample of one page in so many is held, default all. */
  readonly oneIn?: number;
  /**
   * How many pages guests may register in all. Default: four times as many as there are frames; as
   * many, where a frame holds a fingerprint.
   */
  readonly guestPages?: number;
  /** Default 1024. */
  readonly maxGuests?: number;
  /** Default 16384. */
  readonly maxRegions?: number;
}

/** Counts of entries, and the word at which each table begins. */
export interface Geometry {
  readonly pageSize: number;
  readonly frameBytes: number;
  /** Frame 0, the zero page, included. */
  readonly frames: number;
  readonly slots: number;
  readonly guests: number;
  readonly regions: number;
  readonly stableNodes: number;
  readonly frameTable: number;
  readonly freeMap: number;
  readonly populationTable: number;
  readonly stretchTable: number;
  readonly guestTable: number;
  readonly regionTable: number;
  readonly stableNodeTable: number;
  readonly slotTable: number;
  /** Frame 0 begins at this times `frameBytes`. */
  readonly frameBase: number;
  /** Of everything. */
  readonly bytes: number;
}

type Counts = Pick<
  Geometry,
  'pageSize' | 'frameBytes' | 'frames' | 'slots' | 'guests' | 'regions' | 'stableNodes'
>;

/** EINVAL if a size makes no sense or does not fit. */
export function geometryOf(size: MachineSize): Geometry {
  const pageSize = size.pageSize ?? DEFAULT_PAGE_SIZE;
  const frameBytes = size.frameBytes ?? pageSize;
  const guests = size.maxGuests ?? 1024;
  const regions = size.maxRegions ?? 16384;
  const common = { pageSize, frameBytes, guests, regions };
  return frameBytes === pageSize ? ofWholePages(size, common) : ofFingerprints(size, common);
}

function ofWholePages(
  { memoryBytes, guestPages }: MachineSize,
  common: Omit<Counts, 'frames' | 'slots' | 'stableNodes'>,
): Geometry {
  const { pageSize } = common;
  assertFrameSizes(memoryBytes, pageSize);
  const frames = memoryBytes / pageSize + 1;
  const slots = guestPages ?? Math.max(frames * GUEST_PAGES_A_FRAME, FEWEST_GUEST_PAGES);
  const made = placed({ ...common, frames, slots, stableNodes: frames * STABLE_NODES_A_FRAME });
  if (made.bytes > MAX_BYTES) {
    const room = MAX_BYTES - made.frameBase * pageSize;
    throw new KsmdError(
      'EINVAL',
      `a memory of ${memoryBytes} bytes with ${slots} guest pages needs ${made.bytes} bytes, ` +
        `of at most ${MAX_BYTES}: take a smaller memory` +
        (room > 0 ? ` (with these tables, under ${room} bytes)` : ''),
    );
  }
  return made;
}

/** As many pages as fit, each with a frame, or those that may be in the sample. */
function ofFingerprints(
  { memoryBytes, guestPages, oneIn = 1 }: MachineSize,
  common: Omit<Counts, 'frames' | 'slots' | 'stableNodes'>,
): Geometry {
  assertFingerprintSizes(common.pageSize, common.frameBytes);
  if (!Number.isSafeInteger(memoryBytes) || memoryBytes > MAX_BYTES)
    throw new KsmdError(
      'EINVAL',
      `a memory of ${memoryBytes} bytes: with its tables it has at most ${MAX_BYTES}`,
    );
  const withPages = (pages: number): Geometry => {
    const held = Math.min(pages, Math.ceil((pages * FRAMES_A_SAMPLED_PAGE) / oneIn));
    return placed({
      ...common,
      frames: held + 1,
      slots: guestPages ?? pages,
      stableNodes: Math.ceil(held * STABLE_NODES_A_FINGERPRINT),
    });
  };
  let fits = 0;
  for (let more = TOO_MANY_PAGES; more >= 1; more /= 2)
    if (withPages(fits + more).bytes <= memoryBytes) fits += more;
  if (fits === 0)
    throw new KsmdError(
      'EINVAL',
      `a memory of ${memoryBytes} bytes: the tables alone take ${withPages(1).bytes} bytes`,
    );
  return withPages(fits);
}

function placed(counts: Counts): Geometry {
  let end = CONTROL_END;
  const table = (words: number): number => {
    // Not by bits: what does not fit may have more words than an integer has bits for.
    const start = Math.ceil(end / 16) * 16;
    end = start + words;
    return start;
  };
  const tables = {
    frameTable: table(counts.frames * FRAME_WORDS),
    freeMap: table((counts.frames >>> 5) + 1),
    populationTable: table((counts.slots >> POPULATION_SHIFT) + 1),
    stretchTable: table((counts.slots >> STRETCH_SHIFT) + 1),
    guestTable: table(counts.guests * GUEST_WORDS),
    regionTable: table(counts.regions * REGION_WORDS),
    stableNodeTable: table(counts.stableNodes * STABLE_NODE_WORDS),
    slotTable: table(counts.slots * SLOT_WORDS),
  };
  const frameBase = Math.ceil((end * 4) / counts.frameBytes);
  const bytes = (frameBase + counts.frames) * counts.frameBytes;
  return { ...counts, ...tables, frameBase, bytes };
}
