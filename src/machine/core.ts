/**
 * The wasm core, loaded and typed. What its functions do is said where they are written: src/core.
 */
import { readFileSync } from 'node:fs';

/**
 * Frames and NUMA nodes are numbers; everything else is a pointer, the word index of a structure in
 * the shared memory. Words come as signed integers. Where a question is answered, 0 is no and 1 is
 * yes.
 */
export interface Core {
  configure(): void;
  nameHolder(holder: number): void;
  // Frames and ptes: any thread.
  frameNew(numaNode: number): number;
  frameFor(slot: number): number;
  frameGet(frame: number): number;
  framePut(frame: number): void;
  frameCopy(to: number, from: number): void;
  frameZero(frame: number): void;
  framesEqual(a: number, b: number): number;
  framesMismatch(a: number, b: number, from: number): number;
  pteTake(slot: number, flags: number): number;
  pteRelease(slot: number, state: number): void;
  fillable(slot: number, pages: number): number;
  fillPages(slot: number, pages: number, from: number): number;
  loadFew(slot: number, offset: number, bytes: number): number;
  loadBuffer(): number;
  unmapFrame(slot: number): void;
  countZeroPage(slot: number, change: number): void;
  populate(slot: number, change: number): void;
  stretchStart(slot: number): number;
  stretchWord(start: number): number;
  isOneMapping(start: number): number;
  mapSmall(word: number): void;
  touch(slot: number): number;
  enterKhugepaged(guest: number): void;
  newFolio(): number;
  setFolio(frame: number, folio: number): void;
  // Everything below: the scanner only, or whoever has parked it.
  walk(slot: number, end: number, limit: number, nowMs: number): number;
  dropItems(slot: number, end: number): void;
  rmapItemCreate(slot: number): void;
  rmapItemMove(from: number, to: number): void;
  stableInsert(frame: number, numaNode: number, nowMs: number): number;
  stableRemoveStale(): number;
  stableNodeAppend(stable: number, slot: number): void;
  unstableAbandon(): void;
  unstableReset(): void;
  edgeForgetAll(tree: number): void;
}

let compiled: WebAssembly.Module | undefined;

/**
 * The core over `memory`, its geometry read from the control block, for a thread that has the name
 * `holder` in pte locks. Compiled once a thread. `frameChecksum`: the checksum of a frame's page,
 * as a signed integer.
 */
export function loadCore(
  memory: WebAssembly.Memory,
  frameChecksum: (frame: number) => number,
  holder: number,
): Core {
  // Two levels up from here is the package, from src/ as from dist/: the built core is in dist/ for
  // both.
  compiled ??= new WebAssembly.Module(
    readFileSync(new URL('../../dist/core.wasm', import.meta.url)),
  );
  return instantiateCore(compiled, { env: { memory }, checksum: { frameChecksum } }, holder);
}

/** As loadCore, of any build of the core. */
export function instantiateCore(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
  holder: number,
): Core {
  const core = new WebAssembly.Instance(module, imports).exports as unknown as Core;
  core.configure();
  core.nameHolder(holder);
  return core;
}
