/**
 * A thread that dies where it is told to: real classes and the real core over the same memory,
 * every access to it by which others could tell how far the thread has got being counted. Accesses
 * are atomic ones, plain writes of words, and writes of bytes; a dying thread stops just before one
 * of them.
 */

import { Machine } from '../../src/machine/machine.js';
import type { SharedMemory } from '../../src/machine/memory.js';
import { instantiateTested, type TestedCore } from '../core/tested-core.js';
import { MORTAL_CORE } from './mortal-core.js';

class Killed extends Error {}

export class Mortal {
  /** The machine as the mortal thread has it. */
  readonly machine: Machine;
  private readonly core: TestedCore;
  private readonly originals = new Map<unknown, unknown>();
  private accesses = 0;
  private diesAt = Number.POSITIVE_INFINITY;

  constructor(memory: SharedMemory, holder: number) {
    this.core = instantiateTested(MORTAL_CORE, memory, holder, {
      words: { step: () => this.touch() },
    });
    const mortal: SharedMemory = Object.create(memory, {
      i32: { value: this.counting(memory.i32) },
      u8: { value: this.counting(memory.u8) },
      core: { value: this.core },
    });
    this.machine = new Machine(mortal);
  }

  /**
   * Runs `act` up to its access number `diesAt`, from 0. How many accesses it made if it came to
   * its end, otherwise undefined.
   */
  run(diesAt: number, act: (machine: Machine, core: TestedCore) => void): number | undefined {
    this.accesses = 0;
    this.diesAt = diesAt;
    const { Atomics: real } = globalThis;
    globalThis.Atomics = this.countingAtomics(real);
    try {
      act(this.machine, this.core);
      return this.accesses;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      return undefined;
    } finally {
      globalThis.Atomics = real;
    }
  }

  /** Who is dead stays dead, whatever `finally` would do. */
  private touch(): void {
    if (this.accesses === this.diesAt) this.diesAt = -1;
    if (this.diesAt === -1) throw new Killed();
    this.accesses++;
  }

  private counting<T extends Int32Array | Uint8Array>(array: T): T {
    const proxy = new Proxy(array, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          if (key !== 'subarray') this.touch();
          return Reflect.apply(value, target, args);
        };
      },
      set: (target, key, value) => {
        this.touch();
        return Reflect.set(target, key, value, target);
      },
    });
    this.originals.set(proxy, array);
    return proxy;
  }

  private countingAtomics(real: typeof Atomics): typeof Atomics {
    return new Proxy(real, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        return (array: unknown, ...rest: unknown[]): unknown => {
          this.touch();
          return Reflect.apply(value, target, [this.originals.get(array) ?? array, ...rest]);
        };
      },
    });
  }
}
