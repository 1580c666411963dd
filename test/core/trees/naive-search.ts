/**
 * Searching a tree by content the simple way: whole pages compared at every node. What the core's
 * searches must agree with, node for node.
 */
import {
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  RB_LEFT,
  RB_RIGHT,
  SEARCH_ABSENT,
  SEARCH_FOUND,
  SEARCH_GAVE_UP,
  SEARCH_LOOK,
  STABLE_FRAME,
} from '../../../src/core/layout.js';
import type { StableNodes } from '../../../src/ksm/stable-nodes.js';
import type { SharedMemory } from '../../../src/machine/memory.js';
import type { TestedCore } from '../tested-core.js';

/** What a search came to, and where. */
export type Answer =
  | { readonly answer: typeof SEARCH_FOUND | typeof SEARCH_LOOK; readonly node: number }
  | { readonly answer: typeof SEARCH_ABSENT; readonly parent: number; readonly link: number }
  | { readonly answer: typeof SEARCH_GAVE_UP };

/** What the core said: its answer, and what goes with it. */
export function coreAnswer(core: TestedCore, answer: number): Answer {
  if (answer === SEARCH_ABSENT)
    return { answer, parent: core.searchParent(), link: core.searchLink() };
  if (answer === SEARCH_GAVE_UP) return { answer };
  if (answer !== SEARCH_FOUND && answer !== SEARCH_LOOK)
    throw new Error(`the core answered ${answer}`);
  return { answer, node: core.searchNode() };
}

abstract class NaiveSearch {
  protected readonly i32: Int32Array;
  protected parent = 0;

  constructor(
    protected readonly memory: SharedMemory,
    protected readonly frame: number,
    protected link: number,
  ) {
    this.i32 = memory.i32;
  }

  protected bytes(frame: number): Buffer {
    return Buffer.from(this.memory.u8.buffer, this.memory.frameByte(frame), this.memory.frameBytes);
  }

  /** Goes down on the side where the page belongs; false if the pages are equal. */
  protected step(node: number, frame: number): boolean {
    const order = Buffer.compare(this.bytes(this.frame), this.bytes(frame));
    this.parent = node;
    this.link = node + (order < 0 ? RB_LEFT : RB_RIGHT);
    return order !== 0;
  }

  protected absent(): Answer {
    return { answer: SEARCH_ABSENT, parent: this.parent, link: this.link };
  }
}

export class NaiveUnstableSearch extends NaiveSearch {
  search(): Answer {
    for (let slot = this.i32[this.link]; slot !== 0; slot = this.i32[this.link]) {
      const wanted = PTE_PRESENT | PTE_MERGEABLE;
      const frame = this.i32[slot + PTE_FRAME];
      if ((this.i32[slot + PTE_STATE] & wanted) !== wanted || frame === this.frame)
        return { answer: SEARCH_GAVE_UP };
      if (!this.step(slot, frame)) return { answer: SEARCH_FOUND, node: slot };
    }
    return this.absent();
  }
}

export class NaiveStableSearch extends NaiveSearch {
  constructor(
    memory: SharedMemory,
    frame: number,
    link: number,
    private readonly nodes: StableNodes,
  ) {
    super(memory, frame, link);
  }

  search(): Answer {
    for (let node = this.i32[this.link]; node !== 0; node = this.i32[this.link]) {
      if (this.nodes.isChain(node) || !this.nodes.isCurrent(node))
        return { answer: SEARCH_LOOK, node };
      if (!this.step(node, this.i32[node + STABLE_FRAME])) return { answer: SEARCH_FOUND, node };
    }
    return this.absent();
  }

  /** The node now at the place where it stopped has the content of `frame`. */
  resume(frame: number): Answer {
    const node = this.i32[this.link];
    return this.step(node, frame) ? this.search() : { answer: SEARCH_FOUND, node };
  }
}
