/** Holds what a replay saw against what the kernel did: all must be equal. */
import type { KernelProfile } from '../ksm/kernels.js';
import type { StandIn } from './pages-beside.js';
import { Player } from './player.js';
import type { Observation, Op, Scenario } from './scenario.js';

/** The first thing that differs: which step, which batch of it, which counter. */
export interface Difference {
  /** Index in the scenario's ops. */
  readonly step: number;
  readonly op: string;
  /** Index of the batch in a `scan` with `times`. */
  readonly batch?: number;
  readonly what: string;
  readonly kernel: string;
  readonly ksmd: string;
}

export interface Verdict {
  readonly difference?: Difference;
  /** How many counters were held against the file's. */
  readonly compared: number;
  readonly player: Player;
}

/**
 * Plays the whole scenario, or up to the first difference. `standIn`: on a host that holds that in
 * place of pages.
 */
export function verify(scenario: Scenario, profile: KernelProfile, standIn?: StandIn): Verdict {
  const player = new Player(scenario, profile, standIn);
  let compared = 0;
  for (const [step, op] of scenario.ops.entries()) {
    const { seen, error } = player.play(op, step);
    if (mayBeRefused(op) && op.error !== error) {
      return {
        difference: {
          step,
          op: op.op,
          what: attempted(op),
          kernel: op.error ?? 'taken',
          ksmd: error ?? 'taken',
        },
        compared,
        player,
      };
    }
    const expected = expectations(op);
    if (expected.length > 0 && expected.length !== seen.length) {
      return {
        difference: {
          step,
          op: op.op,
          what: 'batches',
          kernel: String(expected.length),
          ksmd: String(seen.length),
        },
        compared,
        player,
      };
    }
    for (const [batch, expectation] of expected.entries()) {
      const found = firstDifference(expectation, seen[batch]);
      if (found !== undefined) {
        return {
          difference: { step, op: op.op, ...(expected.length > 1 ? { batch } : {}), ...found },
          compared,
          player,
        };
      }
      compared += size(expectation);
    }
  }
  return { compared, player };
}

/** The scenario with its own observations in the place of the kernel's. */
export function observed(scenario: Scenario, profile: KernelProfile): Scenario {
  const player = new Player(scenario, profile);
  const ops = scenario.ops.map((op, index): Op => {
    const { seen, error } = player.play(op, index);
    if (mayBeRefused(op)) {
      const { error: _error, expect: _expect, ...bare } = op;
      return {
        ...bare,
        ...(error === undefined ? {} : { error }),
        ...(seen[0] === undefined ? {} : { expect: seen[0] }),
      };
    }
    if (seen[0] === undefined) return op;
    return {
      ...op,
      expect:
        (op.op === 'scan' || op.op === 'khugepaged') && op.times !== undefined
          ? [...seen]
          : seen[0],
    } as Op;
  });
  return { ...scenario, ops };
}

/** A kernel may refuse the step, and the recording says so. */
type Refusable = Extract<Op, { op: 'set' | 'madvise' | 'prctl' }>;

function mayBeRefused(op: Op): op is Refusable {
  return op.op === 'set' || op.op === 'madvise' || op.op === 'prctl';
}

function attempted(op: Refusable): string {
  switch (op.op) {
    case 'set':
      return `${op.name}=${op.value}`;
    case 'madvise':
      return op.advice;
    case 'prctl':
      return `merge ${op.merge ? 'on' : 'off'}`;
  }
}

function expectations(op: Op): readonly Observation[] {
  if (!('expect' in op) || op.expect === undefined) return [];
  return Array.isArray(op.expect) ? op.expect : [op.expect];
}

function size({ counters, guests, memory = {} }: Observation): number {
  return [...Object.values(guests), ...Object.values(memory)].reduce(
    (sum, guest) => sum + Object.keys(guest).length,
    Object.keys(counters).length,
  );
}

function firstDifference(
  expected: Observation,
  seen: Observation | undefined,
): Pick<Difference, 'what' | 'kernel' | 'ksmd'> | undefined {
  const counter = differingCounter(expected.counters, seen?.counters);
  if (counter !== undefined) return counter;
  const passes = differingCounter({ ...expected.khugepaged }, { ...seen?.khugepaged });
  if (passes !== undefined) return { ...passes, what: `khugepaged, ${passes.what}` };
  for (const [guest, counters] of Object.entries(expected.guests)) {
    const found = differingCounter(counters, own(seen?.guests, guest));
    if (found !== undefined) return { ...found, what: `guest ${guest}, ${found.what}` };
  }
  for (const [guest, memory] of Object.entries(expected.memory ?? {})) {
    const found = differingCounter(memory, own(seen?.memory, guest));
    if (found !== undefined) return { ...found, what: `guest ${guest}, ${found.what}` };
  }
  return undefined;
}

function differingCounter(
  expected: Record<string, number | string>,
  seen: Record<string, number | string> | undefined,
): Pick<Difference, 'what' | 'kernel' | 'ksmd'> | undefined {
  for (const [what, value] of Object.entries(expected)) {
    const is = own(seen, what);
    if (is !== value) return { what, kernel: String(value), ksmd: String(is ?? 'no such counter') };
  }
  return undefined;
}

/** A name from a file may be that of something that every object has. */
function own<Value>(
  values: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
}
