/**
 * The stable tree, checked: shape, order of content, chains and dups, the list of every node, and
 * every rmap item that says it is on one.
 */
import {
  CTL_MAX_PAGE_SHARING,
  CTL_MERGE_ACROSS_NODES,
  CTL_PAGES_SHARED,
  CTL_PAGES_SHARING,
  CTL_STABLE_NODE_CHAINS,
  CTL_STABLE_NODE_DUPS,
  CTL_STABLE_NODE_FREE,
  CTL_STABLE_NODE_FRESH,
  CTL_STABLE_NODES_USED,
  CTL_STABLE_ROOTS,
  CTL_STALE_NODES,
  MAX_NODES,
  PTE_FRAME,
  PTE_PRESENT,
  PTE_STATE,
  PTE_WRITABLE,
  RMAP_FLAGS,
  RMAP_HEAD,
  RMAP_NEXT,
  RMAP_PREV,
  RMAP_STABLE,
  STABLE_DUP_NEXT,
  STABLE_DUP_PREV,
  STABLE_EXCERPT,
  STABLE_EXCERPT_SHIFT,
  STABLE_FIRST,
  STABLE_FRAME,
  STABLE_LENGTH,
  STABLE_NODE,
  STABLE_OWNER,
} from '../../core/layout.js';
import type { KernelProfile } from '../../ksm/kernels.js';
import { StableNodes } from '../../ksm/stable-nodes.js';
import type { Machine } from '../../machine/machine.js';
import { inContentOrder } from './content.js';
import { isStableNode } from './frames.js';
import type { Census } from './pages.js';
import { nodesInOrder } from './red-black.js';
import type { Report } from './report.js';

export function checkStable(
  machine: Machine,
  profile: KernelProfile,
  census: Census,
  report: Report,
): void {
  new StableCheck(machine, profile, census, report).run();
}

class StableCheck {
  private readonly i32: Int32Array;
  private readonly nodes: StableNodes;
  /** Heads of chains, and nodes that hold a page or held one. */
  private readonly chains = new Set<number>();
  private readonly holders = new Set<number>();
  /** Which node's list each slot is on. */
  private readonly listedFrom = new Map<number, number>();
  private readonly items: ReadonlySet<number>;
  private dups = 0;

  constructor(
    private readonly machine: Machine,
    private readonly profile: KernelProfile,
    census: Census,
    private readonly report: Report,
  ) {
    this.i32 = machine.memory.i32;
    this.nodes = new StableNodes(machine);
    this.items = new Set(census.items);
  }

  run(): void {
    const { i32, report } = this;
    for (let node = 0; node < MAX_NODES; node++) this.checkTree(node);
    let shared = 0;
    let sharing = 0;
    for (const stable of this.holders) {
      const length = this.checkList(stable);
      if (length > 0) shared++;
      sharing += Math.max(0, length - 1);
    }
    report.equal(
      'stale nodes',
      i32[CTL_STALE_NODES],
      [...this.holders].filter((stable) => !this.nodes.isCurrent(stable)).length,
    );
    report.equal('pages_shared', i32[CTL_PAGES_SHARED], shared);
    report.equal('pages_sharing', i32[CTL_PAGES_SHARING], sharing);
    report.equal('stable_node_chains', i32[CTL_STABLE_NODE_CHAINS], this.chains.size);
    report.equal('stable_node_dups', i32[CTL_STABLE_NODE_DUPS], this.dups);
    if (this.profile.chains === 'none' && this.chains.size > 0)
      report.say(`Linux ${this.profile.name} has no chains, but there is one`);
    for (const slot of this.items) this.checkItem(slot);
    this.checkPool();
  }

  private checkTree(node: number): void {
    const { i32, report, machine } = this;
    const name = node === 0 ? 'stable tree' : `stable tree of node ${node}`;
    const words = {
      i32,
      isNode: (pointer: number) => isStableNode(i32, pointer),
      name: (stable: number) => report.stableNode(stable),
      say: (sentence: string) => report.say(sentence),
    };
    const frames: number[] = [];
    for (const stable of nodesInOrder(words, CTL_STABLE_ROOTS + node, name)) {
      if (this.nodes.nodeOf(stable) !== node)
        report.say(
          `${report.stableNode(stable)} is in the ${name}, but says node ` +
            `${this.nodes.nodeOf(stable)}`,
        );
      if (!this.hasTrueExcerpt(stable))
        report.say(`${report.stableNode(stable)} has an excerpt that is not of its page`);
      const holders = this.nodes.isChain(stable) ? this.checkChain(stable) : [stable];
      for (const holder of holders) this.holders.add(holder);
      const current = holders
        .filter((holder) => this.nodes.isCurrent(holder))
        .map((holder) => i32[holder + STABLE_FRAME]);
      for (const frame of current) {
        if (machine.memory.core.framesEqual(frame, current[0]) === 0)
          report.say(`${report.stableNode(stable)} chains pages that differ`);
        if (i32[CTL_MERGE_ACROSS_NODES] === 0 && machine.frames.node(frame) !== node) {
          report.say(
            `frame ${frame}, of NUMA node ${machine.frames.node(frame)}, is in the ${name}`,
          );
        }
      }
      if (current.length > 0) frames.push(current[0]);
    }
    if (!inContentOrder(machine, frames)) report.say(`the ${name} is out of order`);
    if (frames.length > 0 && node !== 0 && i32[CTL_MERGE_ACROSS_NODES] !== 0)
      report.say(`the ${name} has pages, though they are merged across nodes`);
  }

  /** A node keeps four bytes of its page for searches; of a stale one they are not looked at. */
  private hasTrueExcerpt(stable: number): boolean {
    const { i32, machine } = this;
    const tag = i32[stable + STABLE_NODE] >>> STABLE_EXCERPT_SHIFT;
    if (tag === 0 || this.nodes.isChain(stable) || !this.nodes.isCurrent(stable)) return true;
    return (
      i32[stable + STABLE_EXCERPT] ===
      i32[(machine.memory.frameByte(i32[stable + STABLE_FRAME]) + tag - 1) >> 2]
    );
  }

  /** The dups of a chain. */
  private checkChain(chain: number): number[] {
    const { i32, report } = this;
    this.chains.add(chain);
    const dups: number[] = [];
    let prev = 0;
    for (let dup = i32[chain + STABLE_FIRST]; dup !== 0; dup = i32[dup + STABLE_DUP_NEXT]) {
      if (!isStableNode(i32, dup) || dups.includes(dup)) {
        report.say(`the dups of ${report.stableNode(chain)} lead astray`);
        break;
      }
      if (!this.nodes.isDup(dup) || i32[dup + STABLE_OWNER] !== chain)
        report.say(`${report.stableNode(dup)} hangs in a chain that it does not name`);
      if (i32[dup + STABLE_DUP_PREV] !== prev)
        report.say(`${report.stableNode(dup)} names the wrong dup ahead of it`);
      dups.push(dup);
      prev = dup;
    }
    this.dups += dups.length;
    return dups;
  }

  /** The length of a node's list. */
  private checkList(stable: number): number {
    const { i32, report } = this;
    const name = report.stableNode(stable);
    let length = 0;
    let prev = 0;
    for (let slot = i32[stable + STABLE_FIRST]; slot !== 0; slot = i32[slot + RMAP_NEXT]) {
      if (!this.items.has(slot) || this.listedFrom.has(slot)) {
        const what = this.items.has(slot)
          ? `${report.page(slot)} a second time`
          : 'what is no rmap item';
        report.say(`the list of ${name} leads to ${what}`);
        break;
      }
      this.listedFrom.set(slot, stable);
      if (i32[slot + RMAP_PREV] !== prev)
        report.say(`${report.page(slot)} names the wrong page ahead of it on the list of ${name}`);
      prev = slot;
      length++;
    }
    report.equal(`length of the list of ${name}`, i32[stable + STABLE_LENGTH], length);
    if (length > i32[CTL_MAX_PAGE_SHARING])
      report.say(`${name} has ${length} mappings, more than max_page_sharing`);
    return length;
  }

  /** An rmap item's place. A page rewritten since has a frame of its own, or none. */
  private checkItem(slot: number): void {
    const { i32, report, machine } = this;
    const stable = this.listedFrom.get(slot);
    const saysStable = (i32[slot + RMAP_FLAGS] & RMAP_STABLE) !== 0;
    if (saysStable !== (stable !== undefined)) {
      report.say(
        `${report.page(slot)} ${saysStable ? 'says it is' : 'does not say that it is'} on ` +
          'the list of a stable node',
      );
    }
    if (stable !== undefined && i32[slot + RMAP_HEAD] !== stable)
      report.say(`${report.page(slot)} is not on the list that it names`);
    if ((i32[slot + PTE_STATE] & (PTE_PRESENT | PTE_WRITABLE)) !== PTE_PRESENT) return;
    const frame = i32[slot + PTE_FRAME];
    // One that is no KSM page is the guest's own: rewritten, and write-protected since.
    if (
      stable !== undefined &&
      i32[stable + STABLE_FRAME] !== frame &&
      machine.frames.stableNode(frame) !== 0
    ) {
      report.say(
        `${report.page(slot)} maps frame ${frame}, but is listed from ` +
          `${report.stableNode(stable)} with frame ${i32[stable + STABLE_FRAME]}`,
      );
    }
    if (stable === undefined && machine.frames.stableNode(frame) !== 0)
      report.say(`${report.page(slot)} maps a KSM page that does not list it`);
  }

  /** Every node ever handed out is in a tree, in a chain or free. */
  private checkPool(): void {
    const { i32, report } = this;
    const free = new Set<number>();
    for (let stable = i32[CTL_STABLE_NODE_FREE]; stable !== 0; stable = i32[stable]) {
      if (!isStableNode(i32, stable) || free.has(stable)) {
        report.say('the list of free stable nodes leads astray');
        break;
      }
      if (this.holders.has(stable) || this.chains.has(stable))
        report.say(`${report.stableNode(stable)} is free and in a tree`);
      free.add(stable);
    }
    const used = this.holders.size + this.chains.size;
    report.equal('stable nodes in use', i32[CTL_STABLE_NODES_USED], used);
    report.equal('stable nodes handed out', i32[CTL_STABLE_NODE_FRESH], used + free.size);
  }
}
