/**
 * Where the blocks of a machine's memory belong. A migration stream has offsets within blocks, each
 * with a name, and does not say at which addresses the machine has them.
 *
 * The machine's memory is the largest block, or those of its NUMA nodes together. On a PC the part
 * of it that does not fit below 4 GiB lies above. All others, firmware and the like, come after it:
 * at which addresses they were cannot be known.
 */
import { NAME_PATTERN } from '../../../names.js';
import type { Mapping } from '../../source.js';

/** Between the machine's memory and the other blocks, so that each is a region by itself. */
const ALIGNMENT = 2 * 1024 * 1024;
const GIB = 2 ** 30;
const NODE = /^ram-node(\d+)$/;

export interface Block {
  readonly name: string;
  readonly bytes: number;
}

/** Part of a block, at an address. */
export interface Placed {
  readonly block: Block;
  /** Within the block. */
  readonly offset: number;
  readonly length: number;
  readonly address: number;
}

/** All that the blocks have, by the machine's name: `pc-q35-9.0`. */
export function place(blocks: readonly Block[], machine: string): Placed[] {
  const nodes = blocks
    .filter(({ name }) => NODE.test(name))
    .toSorted((a, b) => nodeOf(a) - nodeOf(b));
  const largest = blocks.toSorted((a, b) => b.bytes - a.bytes).slice(0, 1);
  const main = nodes.length > 0 ? nodes : largest;
  const total = main.reduce((sum, { bytes }) => sum + bytes, 0);
  const below = bytesBelow4GiB(total, machine);
  const placed: Placed[] = [];
  let at = 0;
  for (const block of main) {
    const low = Math.max(0, Math.min(block.bytes, below - at));
    if (low > 0) placed.push({ block, offset: 0, length: low, address: at });
    if (low < block.bytes)
      placed.push({
        block,
        offset: low,
        length: block.bytes - low,
        address: 4 * GIB + (at + low - below),
      });
    at += block.bytes;
  }
  let next = Math.max(0, ...placed.map(({ address, length }) => address + length));
  for (const block of blocks.filter((each) => !main.includes(each))) {
    next = Math.ceil((next + 1) / ALIGNMENT) * ALIGNMENT;
    placed.push({ block, offset: 0, length: block.bytes, address: next });
    next += block.bytes;
  }
  return placed;
}

/** A region of each, by the block's name as far as a region can be called so. */
export function regionsOf(placed: readonly Placed[], pageSize: number): Mapping[] {
  const taken = new Set<string>();
  return placed.map(({ block, length, address }) => {
    const name = block.name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^-/, '');
    const isName = new RegExp(NAME_PATTERN).test(name) && !taken.has(name);
    taken.add(name);
    const mapping = { type: 'mapping', address, pages: length / pageSize } as const;
    return isName ? { ...mapping, name } : mapping;
  });
}

/** As QEMU lays out its two kinds of PC, unless told otherwise. */
function bytesBelow4GiB(total: number, machine: string): number {
  if (/^pc(-i440fx)?\b/.test(machine) && !machine.startsWith('pc-q35'))
    return total >= 3.5 * GIB ? 3 * GIB : total;
  if (/^(pc-)?q35/.test(machine)) return total >= 2.75 * GIB ? 2 * GIB : total;
  return total;
}

function nodeOf({ name }: Block): number {
  return Number(NODE.exec(name)?.[1] ?? 0);
}
