/**
 * One page, looked at closely: its state, what it shares its content with, and what a visit of the
 * scanner would find. Changes nothing.
 *
 * To be called while every other thread stands still. Whole pages are compared on the way down the
 * trees, so it takes some microseconds a level.
 */
import {
  CTL_MERGE_ACROSS_NODES,
  CTL_UNSTABLE_ROOTS,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  RB_LEFT,
  RB_RIGHT,
  REGION_SLOT,
  RMAP_AGE_MASK,
  RMAP_CHANGES,
  RMAP_FLAGS,
  RMAP_NEXT,
  RMAP_SEEN,
  RMAP_SKIPS_MASK,
  RMAP_SKIPS_SHIFT,
  RMAP_STABLE,
  RMAP_UNSTABLE,
  SLOT_REGION,
  SLOT_WORDS,
  STABLE_DUP_NEXT,
  STABLE_FIRST,
  STABLE_FRAME,
  STABLE_OWNER,
  STRETCH_PAGES,
} from '../core/layout.js';
import { hex } from '../hex.js';
import type { Host } from '../ksm/host.js';
import { StableNodes } from '../ksm/stable-nodes.js';
import type { Machine } from '../machine/machine.js';
import { PAGE_STATES } from '../names.js';
import { ringOf, sharingKin } from './kin.js';
import type { HugePagePart, PageExplanation, PageName } from './page-explanation.js';
import { pageState } from './page-state.js';

const ZERO_FRAME = 0;

/** The same of a slot, before its twins are named. */
interface Explanation extends Omit<PageExplanation, 'page' | 'twins'> {
  /** Slots. */
  readonly twins: readonly number[];
}

/**
 * The page at `address` of a guest, with at most `maxTwins` of its twins named. EFAULT if
 * nothing is mapped there.
 */
export function explainPage(
  host: Host,
  guest: string,
  address: number,
  maxTwins: number,
): PageExplanation {
  const { machine } = host;
  const slot = slotAt(host, guest, address);
  const { twins, ...explained } = explain(machine, slot, maxTwins);
  const names = regionNames(host);
  return {
    ...explained,
    page: nameOf(machine, names, slot),
    twins: twins.map((twin) => nameOf(machine, names, twin)),
  };
}

/** The slot of that page. EFAULT if nothing is mapped there. */
export function slotAt(host: Host, guest: string, address: number): number {
  host.memory.assertMapped(guest, address, 1);
  const { regions, pageSize } = host.machine;
  const vpn = Math.floor(address / pageSize);
  return regions.slot(regions.at(host.guests.pointer(guest), vpn), vpn);
}

/** Guest and region by the region's pointer. */
type RegionNames = ReadonlyMap<number, Omit<PageName, 'address'>>;

function regionNames(host: Host): RegionNames {
  const { i32 } = host.machine.memory;
  const names = new Map<number, Omit<PageName, 'address'>>();
  for (const guest of host.guests.names()) {
    for (const { name } of host.guests.regionsOf(guest))
      names.set(i32[host.guests.firstSlot(guest, name) + SLOT_REGION], { guest, region: name });
  }
  return names;
}

function nameOf(
  { memory, regions, pageSize }: Machine,
  names: RegionNames,
  slot: number,
): PageName {
  const region = memory.i32[slot + SLOT_REGION];
  const first = regions.vpn(region);
  const address = (first + (slot - regions.slot(region, first)) / SLOT_WORDS) * pageSize;
  const name = names.get(region);
  if (name === undefined) throw new Error(`page ${hex(address)} is of no guest's region`);
  return { ...name, address };
}

function explain(machine: Machine, slot: number, maxTwins: number): Explanation {
  const { memory, frames } = machine;
  const { i32 } = memory;
  const state = PAGE_STATES[pageState(machine, slot)];
  const pte = i32[slot + PTE_STATE];
  const flags = i32[slot + RMAP_FLAGS];
  const present = (pte & PTE_PRESENT) !== 0;
  const frame = i32[slot + PTE_FRAME];
  const stable = present ? stableNodesOf(machine, frame) : [];
  // By the ptes, which know of writes that the scanner has not met yet.
  const ksmMappings = stable.reduce(
    (sum, each) => sum + frames.mapcount(i32[each + STABLE_FRAME]),
    0,
  );
  const twin = present && stable.length === 0 ? unstableTwin(machine, slot, frame) : 0;
  return {
    state,
    mergeable: (pte & PTE_MERGEABLE) !== 0,
    zeroes: present && compare(machine, frame, ZERO_FRAME) === 0,
    // A page that maps the zero page names no frame, and the zero page is frame 0.
    checksum: present || state === 'zero' ? memory.frameChecksum(frame) >>> 0 : undefined,
    frame: present ? { number: frame, mappings: frames.mapcount(frame) } : undefined,
    hugePage: present ? hugePageOf(machine, slot) : undefined,
    forkSharers: present ? [...sharingKin(machine, slot)].length : 0,
    age: flags & RMAP_AGE_MASK,
    changes: (flags & (RMAP_STABLE | RMAP_UNSTABLE)) === 0 ? i32[slot + RMAP_CHANGES] : 0,
    skips: (flags & RMAP_SKIPS_MASK) >> RMAP_SKIPS_SHIFT,
    written: (flags & RMAP_SEEN) !== 0 && (pte & PTE_DIRTY) !== 0,
    ksmPages: stable.length,
    ksmMappings,
    twinCount: stable.length === 0 ? Math.sign(twin) : ksmMappings - (state === 'shared' ? 1 : 0),
    twins: twin !== 0 ? [twin].slice(0, maxTwins) : mappersOf(i32, stable, slot, maxTwins),
  };
}

/** What a split of the huge page would come to: it takes place in all guests that map a part. */
function hugePageOf(machine: Machine, slot: number): HugePagePart | undefined {
  const { memory, frames, stretches } = machine;
  const { i32, core } = memory;
  const folio = frames.folio(i32[slot + PTE_FRAME]);
  const start = core.stretchStart(slot);
  if (folio === 0 || start === 0) return undefined;
  const region = i32[slot + SLOT_REGION];
  let otherGuests = 0;
  let zeroPages = 0;
  for (const kin of ringOf(machine, region)) {
    const parts = partsOf(
      machine,
      i32[kin + REGION_SLOT] + start - i32[region + REGION_SLOT],
      folio,
    );
    if (kin !== region && parts.length > 0) otherGuests++;
    zeroPages += parts.filter((frame) => core.framesEqual(frame, ZERO_FRAME) !== 0).length;
  }
  return { isWhole: stretches.isHuge(start), otherGuests, zeroPages };
}

/** Frames of the huge page `folio` that are mapped in the stretch at `start`. */
function partsOf({ memory, frames }: Machine, start: number, folio: number): number[] {
  const parts: number[] = [];
  for (let slot = start; slot < start + STRETCH_PAGES * SLOT_WORDS; slot += SLOT_WORDS) {
    const frame = memory.i32[slot + PTE_FRAME];
    if (frame !== 0 && frames.folio(frame) === folio) parts.push(frame);
  }
  return parts;
}

/** The stable nodes whose KSM pages have the content of `frame`. */
function stableNodesOf(machine: Machine, frame: number): number[] {
  const { i32 } = machine.memory;
  const stableNodes = new StableNodes(machine);
  const contentOf = (stable: number): number[] =>
    (stableNodes.isChain(stable) ? dupsOf(i32, stable) : [stable]).filter((dup) =>
      stableNodes.isCurrent(dup),
    );
  const own = machine.frames.stableNode(frame);
  if (own !== 0) return contentOf(stableNodes.isDup(own) ? i32[own + STABLE_OWNER] : own);
  let stable = i32[stableNodes.root(treeOf(machine, frame))];
  while (stable !== 0) {
    const found = contentOf(stable);
    const [first] = found;
    // A stale node: the scanner's search would remove it and start again, and the tree might look
    // otherwise then.
    if (first === undefined) return [];
    const order = compare(machine, frame, i32[first + STABLE_FRAME]);
    if (order === 0) return found;
    stable = i32[stable + (order < 0 ? RB_LEFT : RB_RIGHT)];
  }
  return [];
}

/**
 * The page of the unstable tree that a search for the content of `frame` ends at; 0 if there is
 * none.
 */
function unstableTwin(machine: Machine, slot: number, frame: number): number {
  const { i32 } = machine.memory;
  const scanned = PTE_PRESENT | PTE_MERGEABLE;
  let other = i32[CTL_UNSTABLE_ROOTS + treeOf(machine, frame)];
  // Between two full scans the tree still stands, and slots of it may have come to be something
  // else.
  while (
    other !== 0 &&
    (i32[other + PTE_STATE] & scanned) === scanned &&
    (i32[other + RMAP_FLAGS] & RMAP_UNSTABLE) !== 0
  ) {
    const order = other === slot ? 0 : compare(machine, frame, i32[other + PTE_FRAME]);
    if (order === 0) return other === slot ? 0 : other;
    other = i32[other + (order < 0 ? RB_LEFT : RB_RIGHT)];
  }
  return 0;
}

/** Which of the trees a page in that frame belongs to. */
function treeOf({ memory: { i32 }, frames }: Machine, frame: number): number {
  return i32[CTL_MERGE_ACROSS_NODES] !== 0 ? 0 : frames.numaNode(frame);
}

function compare({ memory }: Machine, a: number, b: number): number {
  const bytes = (frame: number): Buffer =>
    Buffer.from(memory.u8.buffer, memory.frameByte(frame), memory.frameBytes);
  return Buffer.compare(bytes(a), bytes(b));
}

function dupsOf(i32: Int32Array, chain: number): number[] {
  const dups: number[] = [];
  for (let dup = i32[chain + STABLE_FIRST]; dup !== 0; dup = i32[dup + STABLE_DUP_NEXT])
    dups.push(dup);
  return dups;
}

/**
 * Slots listed from these nodes whose pages still map their frames, `except` one; the first of
 * them.
 */
function mappersOf(
  i32: Int32Array,
  stable: readonly number[],
  except: number,
  atMost: number,
): number[] {
  const slots: number[] = [];
  for (const each of stable) {
    for (
      let slot = i32[each + STABLE_FIRST];
      slot !== 0 && slots.length < atMost;
      slot = i32[slot + RMAP_NEXT]
    ) {
      if (
        slot === except ||
        (i32[slot + PTE_STATE] & PTE_PRESENT) === 0 ||
        i32[slot + PTE_FRAME] !== i32[each + STABLE_FRAME]
      )
        continue;
      slots.push(slot);
    }
  }
  return slots;
}
