/**
 * Where the samples of a profile fell, symbol by symbol, in the manner of oprofile: the tables that
 * KSM's trees were introduced with.
 *
 * A sample counts for the function it fell in, not for its callers. Reads a profile, changes
 * nothing.
 */
import type { Profiler } from 'node:inspector';
import { isIdle } from './readable.js';

export interface SymbolSamples {
  readonly symbol: string;
  readonly samples: number;
  /** Of all samples, 0 to 1. */
  readonly share: number;
}

export interface SymbolTable {
  /** From the profile's start to its end. */
  readonly seconds: number;
  readonly samples: number;
  /** Samples that found the thread asleep, of all, 0 to 1. */
  readonly idleShare: number;
  /** The most samples first. */
  readonly symbols: readonly SymbolSamples[];
}

export const SYMBOL_HEAD = 'samples  %        symbol name';

export function symbolTable({
  nodes,
  samples = [],
  startTime,
  endTime,
}: Profiler.Profile): SymbolTable {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, symbolName(callFrame)]));
  const counts = new Map<string, number>();
  for (const id of samples) {
    const name = names.get(id) ?? '(unknown)';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const symbols = [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([symbol, count]) => ({ symbol, samples: count, share: count / samples.length }));
  return {
    seconds: (endTime - startTime) / 1e6,
    samples: samples.length,
    idleShare: symbols.find(({ symbol }) => isIdle(symbol))?.share ?? 0,
    symbols,
  };
}

/** A line of the table. */
export function symbolLine({ symbol, samples, share }: SymbolSamples): string {
  return `${String(samples).padEnd(7)}  ${(share * 100).toFixed(4).padEnd(7)}  ${symbol}`;
}

/**
 * A script's function with the module it is in, as the wasm core's are named too; what is no
 * script's has V8's name.
 */
function symbolName({ functionName, url }: Profiler.ProfileNode['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  const [, module] =
    /^(?:file:\/\/.*?|)((?:[^/]+\/)?[^/]+)\.[cm]?[jt]s$/.exec(url) ?? /^(node:.+)$/.exec(url) ?? [];
  return module === undefined ? name : `${module}/${name}`;
}
