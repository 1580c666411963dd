/**
 * The wasm core, loaded and typed. What its functions do is said where they are written: src/core.
 */
import { readFileSync } from 'node:fs';

/** Frames are numbers, everything else is a pointer: the word index of a structure in the shared memory. */
export interface Core {
  configure(): void;
  frameTake(): number;
  frameGive(frame: number): void;
  frameCopy(to: number, from: number): void;
  frameZero(frame: number): void;
  framesEqual(a: number, b: number): number;
  framesMismatch(a: number, b: number, from: number): number;
  edgeForget(tree: number, node: number): void;
  edgeForgetAll(tree: number): void;
  treeInsert(root: number, node: number, parent: number, link: number): void;
  treeErase(root: number, node: number): void;
  treeReplace(root: number, node: number, replacement: number): void;
  stableSearch(root: number, frame: number): number;
  stableResume(stable: number): number;
  stableSample(stable: number): void;
  unstableSearch(root: number, frame: number): number;
  unstableSample(slot: number): void;
  settledRun(slot: number, limit: number): number;
  searchProven(): number;
  searchTrusted(): number;
}

let compiled: WebAssembly.Module | undefined;

/** The core over `memory`, its geometry read from the control block. Compiled once a thread. */
export function loadCore(memory: WebAssembly.Memory): Core {
  // Two levels up from here is the package, from src/ as from dist/: the built core is in dist/ for both.
  compiled ??= new WebAssembly.Module(readFileSync(new URL('../../dist/core.wasm', import.meta.url)));
  const instance = new WebAssembly.Instance(compiled, { env: { memory } });
  const core = instance.exports as unknown as Core;
  core.configure();
  return core;
}
