/**
 * The stable tree, checked: shape, order of content, chains and dups, the list of every stable
 * node, and every rmap item that says it is on such a list.
 */
import {
  CTL_MAX_PAGE_SHARING,
  CTL_MERGE_ACROSS_NODES,
  CTL_PAGES_SHARED,
  CTL_PAGES_SHARING,
  CTL_SLOTS,
  CTL_STABLE_NODE_CHAINS,
  CTL_STABLE_NODE_DUPS,
  CTL_STABLE_NODE_FREE,
  CTL_STABLE_NODE_FRESH,
  CTL_STABLE_NODE_TABLE,
  CTL_STABLE_NODES,
  CTL_STABLE_NODES_USED,
  CTL_STABLE_ROOTS,
  CTL_STALE_NODES,
  MAX_NUMA_NODES,
  NO_SHARING_LIMIT,
  PTE_FRAME,
  PTE_PRESENT,
  PTE_STATE,
  PTE_WRITABLE,
  REGION_FORKED,
  RMAP_FLAGS,
  RMAP_HEAD,
  RMAP_NEXT,
  RMAP_PREV,
  RMAP_STABLE,
  SLOT_REGION,
  SLOT_WORDS,
  STABLE_DUP_NEXT,
  STABLE_DUP_PREV,
  STABLE_EXCERPT,
  STABLE_EXCERPT_SHIFT,
  STABLE_FIRST,
  STABLE_FRAME,
  STABLE_LENGTH,
  STABLE_NODE_WORDS,
  STABLE_NUMA_NODE,
  STABLE_OWNER,
} from '../../core/layout.js';
import type { KernelProfile } from '../../ksm/kernels.js';
import { StableNodes } from '../../ksm/stable-nodes.js';
import { type LongWork, PAGES_A_STEP } from '../../machine/long-work.js';
import type { Machine } from '../../machine/machine.js';
import { ContentOrder } from './content.js';
import { EntrySet } from './entry-set.js';
import type { Findings } from './findings.js';
import type { Recount } from './pages.js';
import { nodesInOrder } from './red-black.js';
import { isFrame, isStableNode } from './references.js';

export function checkStable(
  machine: Machine,
  profile: KernelProfile,
  recount: Recount,
  findings: Findings,
): LongWork {
  return new StableCheck(machine, profile, recount, findings).check();
}

class StableCheck {
  private readonly i32: Int32Array;
  private readonly nodes: StableNodes;
  private readonly items: EntrySet;
  /** Nodes that are in a tree, and those of them and of their dups that hold a page or held one. */
  private readonly met: EntrySet;
  private readonly holders: EntrySet;
  /** Slots that are on a stable node's list. */
  private readonly listed: EntrySet;
  private chains = 0;
  private dups = 0;
  private stale = 0;
  private shared = 0;
  private sharing = 0;

  constructor(
    private readonly machine: Machine,
    private readonly profile: KernelProfile,
    { items }: Recount,
    private readonly findings: Findings,
  ) {
    const { i32, slotTable } = machine.memory;
    this.i32 = i32;
    this.nodes = new StableNodes(machine);
    this.items = items;
    this.met = this.noStableNodes();
    this.holders = this.noStableNodes();
    this.listed = new EntrySet(slotTable, SLOT_WORDS, i32[CTL_SLOTS]);
  }

  *check(): LongWork {
    const { i32, findings } = this;
    for (let numaNode = 0; numaNode < MAX_NUMA_NODES; numaNode++) yield* this.checkTree(numaNode);
    findings.equal('stale nodes', i32[CTL_STALE_NODES], this.stale);
    findings.equal('pages_shared', i32[CTL_PAGES_SHARED], this.shared);
    findings.equal('pages_sharing', i32[CTL_PAGES_SHARING], this.sharing);
    findings.equal('stable_node_chains', i32[CTL_STABLE_NODE_CHAINS], this.chains);
    findings.equal('stable_node_dups', i32[CTL_STABLE_NODE_DUPS], this.dups);
    if (this.profile.chains === 'none' && this.chains > 0)
      findings.say(`Linux ${this.profile.name} has no chains, but there is one`);
    yield* this.items.each((slot) => {
      if (!this.listed.has(slot)) this.checkUnlisted(slot);
    });
    yield* this.checkPool();
  }

  private noStableNodes(): EntrySet {
    const { i32 } = this;
    return new EntrySet(i32[CTL_STABLE_NODE_TABLE], STABLE_NODE_WORDS, i32[CTL_STABLE_NODES]);
  }

  private *checkTree(numaNode: number): LongWork {
    const { i32, findings, machine } = this;
    const name = numaNode === 0 ? 'stable tree' : `stable tree of node ${numaNode}`;
    const tree = {
      i32,
      met: this.met,
      isNode: (pointer: number) => isStableNode(i32, pointer),
      name: (stable: number) => findings.stableNode(stable),
      say: (sentence: string) => findings.say(sentence),
    };
    const order = new ContentOrder(machine);
    let pages = 0;
    let passed = 0;
    for (const stable of nodesInOrder(tree, CTL_STABLE_ROOTS + numaNode, name)) {
      if (++passed % PAGES_A_STEP === 0) yield;
      if (this.nodes.numaNodeOf(stable) !== numaNode)
        findings.say(
          `${findings.stableNode(stable)} is in the ${name}, but says node ` +
            `${this.nodes.numaNodeOf(stable)}`,
        );
      if (!this.hasTrueExcerpt(stable))
        findings.say(`${findings.stableNode(stable)} has an excerpt that is not of its page`);
      let first = 0;
      for (const holder of this.holdersOf(stable)) {
        yield* this.checkList(holder);
        if (!this.isCurrent(holder)) {
          this.stale++;
          continue;
        }
        const frame = i32[holder + STABLE_FRAME];
        if (first === 0) first = frame;
        else if (machine.memory.core.framesEqual(frame, first) === 0)
          findings.say(`${findings.stableNode(stable)} chains pages that differ`);
        if (i32[CTL_MERGE_ACROSS_NODES] === 0 && machine.frames.numaNode(frame) !== numaNode) {
          findings.say(
            `frame ${frame}, of NUMA node ${machine.frames.numaNode(frame)}, is in the ${name}`,
          );
        }
      }
      if (first === 0) continue;
      order.next(first);
      pages++;
    }
    if (!order.kept) findings.say(`the ${name} is out of order`);
    if (pages > 0 && numaNode !== 0 && i32[CTL_MERGE_ACROSS_NODES] !== 0)
      findings.say(`the ${name} has pages, though they are merged across nodes`);
  }

  /** A stable node keeps four bytes of its page for searches; a stale one's are not looked at. */
  private hasTrueExcerpt(stable: number): boolean {
    const { i32, machine } = this;
    const tag = i32[stable + STABLE_NUMA_NODE] >>> STABLE_EXCERPT_SHIFT;
    if (tag === 0 || this.nodes.isChain(stable) || !this.isCurrent(stable)) return true;
    return (
      i32[stable + STABLE_EXCERPT] ===
      i32[(machine.memory.frameByte(i32[stable + STABLE_FRAME]) + tag - 1) / 4]
    );
  }

  /** A node of the tree, or the dups of a chain. */
  private *holdersOf(stable: number): Generator<number, void, void> {
    const { i32, findings } = this;
    if (!this.nodes.isChain(stable)) {
      if (this.holders.add(stable)) yield stable;
      else findings.say(`${findings.stableNode(stable)} is in a tree and in a chain`);
      return;
    }
    this.chains++;
    let prev = 0;
    for (let dup = i32[stable + STABLE_FIRST]; dup !== 0; dup = i32[dup + STABLE_DUP_NEXT]) {
      if (!isStableNode(i32, dup) || !this.holders.add(dup)) {
        findings.say(`the dups of ${findings.stableNode(stable)} lead astray`);
        break;
      }
      if (!this.nodes.isDup(dup) || i32[dup + STABLE_OWNER] !== stable)
        findings.say(`${findings.stableNode(dup)} hangs in a chain that it does not name`);
      if (i32[dup + STABLE_DUP_PREV] !== prev)
        findings.say(`${findings.stableNode(dup)} names the wrong dup ahead of it`);
      this.dups++;
      yield dup;
      prev = dup;
    }
  }

  /** The rmap items listed from a stable node. */
  private *checkList(stable: number): LongWork {
    const { i32, findings } = this;
    let length = 0;
    let unforked = 0;
    let prev = 0;
    for (let slot = i32[stable + STABLE_FIRST]; slot !== 0; slot = i32[slot + RMAP_NEXT]) {
      if (!this.items.has(slot) || !this.listed.add(slot)) {
        const what = this.items.has(slot)
          ? `${findings.page(slot)} a second time`
          : 'what is no rmap item';
        findings.say(`the list of ${findings.stableNode(stable)} leads to ${what}`);
        break;
      }
      if (i32[slot + RMAP_PREV] !== prev) {
        findings.say(
          `${findings.page(slot)} names the wrong page ahead of it on the list of ` +
            findings.stableNode(stable),
        );
      }
      this.checkListed(slot, stable);
      prev = slot;
      length++;
      if (i32[i32[slot + SLOT_REGION] + REGION_FORKED] === 0) unforked++;
      if (length % PAGES_A_STEP === 0) yield;
    }
    const written = i32[stable + STABLE_LENGTH];
    if (written !== length)
      findings.differ(`length of the list of ${findings.stableNode(stable)}`, written, length);
    // Only a fork shares past the limit.
    const limit = i32[CTL_MAX_PAGE_SHARING];
    if (unforked > limit && limit !== NO_SHARING_LIMIT) {
      findings.say(
        `${findings.stableNode(stable)} has ${unforked} mappings, more than max_page_sharing`,
      );
    }
    if (length > 0) this.shared++;
    this.sharing += Math.max(0, length - 1);
  }

  /** An rmap item that is listed from `stable`. */
  private checkListed(slot: number, stable: number): void {
    const { i32, findings } = this;
    if ((i32[slot + RMAP_FLAGS] & RMAP_STABLE) === 0) {
      findings.say(`${findings.page(slot)} does not say that it is on the list of a stable node`);
    }
    if (i32[slot + RMAP_HEAD] !== stable)
      findings.say(`${findings.page(slot)} is not on the list that it names`);
    const frame = i32[slot + PTE_FRAME];
    // One that is no KSM page is the guest's own: rewritten, and write-protected since.
    if (i32[stable + STABLE_FRAME] !== frame && this.mapsKsmPage(slot)) {
      findings.say(
        `${findings.page(slot)} maps frame ${frame}, but is listed from ` +
          `${findings.stableNode(stable)} with frame ${i32[stable + STABLE_FRAME]}`,
      );
    }
  }

  /** An rmap item that no stable node lists. */
  private checkUnlisted(slot: number): void {
    const { i32, findings } = this;
    if ((i32[slot + RMAP_FLAGS] & RMAP_STABLE) !== 0)
      findings.say(`${findings.page(slot)} says it is on the list of a stable node`);
    // One that a fork shared is listed when the scanner comes by.
    if (this.mapsKsmPage(slot) && i32[i32[slot + SLOT_REGION] + REGION_FORKED] === 0)
      findings.say(`${findings.page(slot)} maps a KSM page that does not list it`);
  }

  private isCurrent(stable: number): boolean {
    return isFrame(this.i32, this.i32[stable + STABLE_FRAME]) && this.nodes.isCurrent(stable);
  }

  /** A page rewritten since has a frame of its own, or none. */
  private mapsKsmPage(slot: number): boolean {
    const { i32, machine } = this;
    const frame = i32[slot + PTE_FRAME];
    return (
      (i32[slot + PTE_STATE] & (PTE_PRESENT | PTE_WRITABLE)) === PTE_PRESENT &&
      isFrame(i32, frame) &&
      machine.frames.stableNode(frame) !== 0
    );
  }

  /** Every stable node ever handed out is in a tree, in a chain or free. */
  private *checkPool(): LongWork {
    const { i32, findings } = this;
    const free = this.noStableNodes();
    for (let stable = i32[CTL_STABLE_NODE_FREE]; stable !== 0; stable = i32[stable]) {
      if (free.size % PAGES_A_STEP === 0) yield;
      if (!isStableNode(i32, stable) || !free.add(stable)) {
        findings.say('the list of free stable nodes leads astray');
        break;
      }
      if (this.holders.has(stable) || this.met.has(stable))
        findings.say(`${findings.stableNode(stable)} is free and in a tree`);
    }
    const used = this.holders.size + this.chains;
    findings.equal('stable nodes in use', i32[CTL_STABLE_NODES_USED], used);
    findings.equal('stable nodes handed out', i32[CTL_STABLE_NODE_FRESH], used + free.size);
  }
}
