/**
 * Stable nodes and chains, read: what each of their words says. src/core/trees/stable-nodes.ts
 * makes and changes them.
 */
import {
  CTL_STABLE_ROOTS,
  STABLE_CHAIN,
  STABLE_DUP,
  STABLE_FRAME,
  STABLE_HEAD,
  STABLE_LENGTH,
  STABLE_NUMA_NODE,
  STABLE_NUMA_NODE_MASK,
} from '../core/layout.js';
import type { Machine } from '../machine/machine.js';

export class StableNodes {
  private readonly i32: Int32Array;

  constructor(private readonly machine: Machine) {
    this.i32 = machine.memory.i32;
  }

  /** The word of the stable tree's root for a NUMA node. */
  root(numaNode: number): number {
    return CTL_STABLE_ROOTS + numaNode;
  }

  /** The NUMA node whose tree a stable node belongs to. */
  numaNodeOf(stable: number): number {
    return this.i32[stable + STABLE_NUMA_NODE] & STABLE_NUMA_NODE_MASK;
  }

  /** The frame is still the node's KSM page. */
  isCurrent(stable: number): boolean {
    return this.machine.frames.stableNode(this.i32[stable + STABLE_FRAME]) === stable;
  }

  isChain(stable: number): boolean {
    return this.i32[stable + STABLE_LENGTH] === STABLE_CHAIN;
  }

  isDup(stable: number): boolean {
    return this.i32[stable + STABLE_HEAD] === STABLE_DUP;
  }
}
