/**
 * The unstable tree, checked: shape, what its items say of their place, and the order of those that
 * still bound what lies below them. Between two full scans there is none: what is left of the last
 * one is cleared before it is used again.
 */
import {
  CTL_CURSOR_GUEST,
  CTL_MM_HEAD,
  CTL_PAGES_UNSHARED,
  CTL_SEQNR,
  CTL_SLOTS,
  CTL_UNSTABLE_ROOTS,
  FINGERPRINT_BYTES,
  MAX_NUMA_NODES,
  PTE_CHECKSUM,
  PTE_DIRTY,
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  RMAP_EXCERPTED,
  RMAP_FLAGS,
  RMAP_NUMA_NODE_MASK,
  RMAP_NUMA_NODE_SHIFT,
  RMAP_SEQNR_MASK,
  RMAP_SEQNR_SHIFT,
  RMAP_TRUSTED,
  RMAP_UNSTABLE,
  SLOT_WORDS,
} from '../../core/layout.js';
import { type LongWork, PAGES_A_STEP } from '../../machine/long-work.js';
import type { Machine } from '../../machine/machine.js';
import { ContentOrder } from './content.js';
import { EntrySet } from './entry-set.js';
import type { Findings } from './findings.js';
import type { Recount } from './pages.js';
import { nodesInOrder } from './red-black.js';

export function* checkUnstable(machine: Machine, { items }: Recount, findings: Findings): LongWork {
  const { i32, slotTable } = machine.memory;
  const met = new EntrySet(slotTable, SLOT_WORDS, i32[CTL_SLOTS]);
  const tree = {
    i32,
    met,
    isNode: (pointer: number) => items.has(pointer),
    name: (slot: number) => findings.page(slot),
    say: (sentence: string) => findings.say(sentence),
  };
  const scanning = i32[CTL_CURSOR_GUEST] !== CTL_MM_HEAD;
  for (let numaNode = 0; scanning && numaNode < MAX_NUMA_NODES; numaNode++) {
    const name = numaNode === 0 ? 'unstable tree' : `unstable tree of node ${numaNode}`;
    const bounding = new ContentOrder(machine);
    let passed = 0;
    for (const slot of nodesInOrder(tree, CTL_UNSTABLE_ROOTS + numaNode, name)) {
      if (++passed % PAGES_A_STEP === 0) yield;
      const flags = i32[slot + RMAP_FLAGS];
      if ((flags & RMAP_UNSTABLE) === 0 || !isCurrent(i32, flags))
        findings.say(`${findings.page(slot)} is in the ${name} and does not say so`);
      if ((flags & RMAP_NUMA_NODE_MASK) >> RMAP_NUMA_NODE_SHIFT !== numaNode)
        findings.say(`${findings.page(slot)} is in the ${name}, but names another`);
      if (!hasTrueExcerpt(machine, slot))
        findings.say(`${findings.page(slot)} has an excerpt that is not of its bytes`);
      if ((flags & RMAP_TRUSTED) !== 0 && isUnwritten(i32[slot + PTE_STATE]))
        bounding.next(i32[slot + PTE_FRAME]);
    }
    if (!bounding.kept)
      findings.say(`pages of the ${name} that nobody has written are out of order`);
  }
  let saying = 0;
  yield* items.each((slot) => {
    const flags = i32[slot + RMAP_FLAGS];
    if ((flags & RMAP_UNSTABLE) === 0) return;
    saying++;
    if (isCurrent(i32, flags) && !met.has(slot))
      findings.say(`${findings.page(slot)} says it is in the unstable tree, and is not`);
  });
  findings.equal('pages_unshared', i32[CTL_PAGES_UNSHARED], saying);
}

/**
 * A clean page in the tree keeps two of its bytes for searches, and above them where they are from;
 * a fingerprint its first four.
 */
function hasTrueExcerpt({ memory }: Machine, slot: number): boolean {
  const { i32 } = memory;
  if ((i32[slot + RMAP_FLAGS] & RMAP_EXCERPTED) === 0 || !isUnwritten(i32[slot + PTE_STATE]))
    return true;
  const excerpt = i32[slot + PTE_CHECKSUM];
  const frame = memory.frameByte(i32[slot + PTE_FRAME]);
  if (memory.frameBytes === FINGERPRINT_BYTES)
    return Buffer.from(memory.u8.buffer, frame).readInt32BE() === excerpt;
  const at = frame + (excerpt >>> 16);
  return (excerpt & 0xffff) === (memory.u8[at] | (memory.u8[at + 1] << 8));
}

function isCurrent(i32: Int32Array, flags: number): boolean {
  return (flags & RMAP_SEQNR_MASK) >> RMAP_SEQNR_SHIFT === (i32[CTL_SEQNR] & 0xff);
}

function isUnwritten(state: number): boolean {
  const wanted = PTE_PRESENT | PTE_MERGEABLE;
  return (state & (wanted | PTE_DIRTY)) === wanted;
}
