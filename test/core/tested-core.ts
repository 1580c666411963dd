/** The core with its inner parts (tested-core/index.ts), over the memory of a machine. */
import { readFileSync } from 'node:fs';
import { inject } from 'vitest';
import { type Core, instantiateCore } from '../../src/machine/core.js';
import type { SharedMemory } from '../../src/machine/memory.js';
import { HOLDER_API } from '../../src/machine/pte.js';

export interface TestedCore extends Core {
  frameTake(): number;
  frameGive(frame: number): void;
  setStableNode(frame: number, stable: number): void;
  mergeIntoStable(slot: number, frame: number, stable: number): number;
  mergeTwins(slot: number, frame: number, twin: number, twinFrame: number, proven: number): number;
  mergeIntoZeroPage(slot: number, frame: number): number;
  stableNodeCreate(frame: number, node: number): number;
  stableNodeRemove(stable: number): void;
  stableSearch(root: number, frame: number): number;
  stableResume(stable: number): number;
  stableExcerpt(stable: number): void;
  chainCreate(stable: number, nowMs: number): number;
  chainAdd(chain: number, stable: number): void;
  chainCollapse(chain: number): void;
  chainRemove(chain: number): void;
  unstableSearch(root: number, frame: number): number;
  unstableFindOrInsert(slot: number, frame: number, node: number, acrossNodes: number): number;
  unstableRemove(slot: number): void;
  treeInsert(root: number, node: number, parent: number, link: number): void;
  treeErase(root: number, node: number): void;
  treeReplace(root: number, node: number, replacement: number): void;
  searchNode(): number;
  searchParent(): number;
  searchLink(): number;
}

let compiled: WebAssembly.Module | undefined;

/** For the thread that has the name `holder` in pte locks. */
export function testedCore(memory: SharedMemory, holder = HOLDER_API): TestedCore {
  compiled ??= new WebAssembly.Module(readFileSync(inject('testedCore')));
  return instantiateTested(compiled, memory, holder);
}

/** The same of another build of it, which may import `more`. */
export function instantiateTested(
  module: WebAssembly.Module,
  memory: SharedMemory,
  holder: number,
  more: WebAssembly.Imports = {},
): TestedCore {
  const imports = {
    ...more,
    env: { memory: memory.memory },
    checksum: { frameChecksum: (frame: number) => memory.frameChecksum(frame) },
  };
  // A superset of the core's exports, typed by hand as those are.
  return instantiateCore(module, imports, holder) as TestedCore;
}
