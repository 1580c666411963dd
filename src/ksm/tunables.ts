/**
 * Tunables: the files of /sys/kernel/mm/ksm that can be written, with the kernel's defaults and
 * refusals; and ksmd's own, which every profile has and no kernel.
 *
 * `setTunable` belongs to whoever may touch the trees (the scanner, or the API thread while it is
 * parked), since run=2, max_page_sharing and merge_across_nodes drop stable nodes. Reading is for
 * anybody.
 */
import {
  CTL_ADVISOR_MAX_CPU,
  CTL_ADVISOR_MAX_PAGES_TO_SCAN,
  CTL_ADVISOR_MIN_PAGES_TO_SCAN,
  CTL_ADVISOR_MODE,
  CTL_ADVISOR_TARGET_SCAN_TIME,
  CTL_CHAINS_ALWAYS_YIELD,
  CTL_CHAINS_PRUNE_MILLISECS,
  CTL_CHANGE_DETECTION,
  CTL_CHECKSUM_FIRST,
  CTL_MAX_PAGE_SHARING,
  CTL_MERGE_ACROSS_NODES,
  CTL_PAGES_SHARED,
  CTL_PAGES_TO_SCAN,
  CTL_RUN,
  CTL_SLEEP_MILLISECS,
  CTL_SMART_SCAN,
  CTL_USE_ZERO_PAGES,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { SharedMemory } from '../machine/memory.js';
import { ADVISOR_NONE, ADVISOR_SCAN_TIME } from './advisor.js';
import type { KernelProfile, TunableName as KernelTunableName } from './kernels.js';
import type { Ksm } from './ksm.js';
import { RUN_STOP, RUN_UNMERGE } from './run.js';

export type TunableValue = number | string;

const UNSIGNED_MAX = 0xffffffff;
const SIGNED_MAX = 0x7fffffff;

/**
 * - change_detection: how the scanner tells that a page changes and is not worth searching for.
 *   `checksum`, as the kernel does; or `dirty`: by its dirty bit, so that a page written with the
 *   bytes it had counts as changed, and nothing is hashed.
 */
const OWN_TUNABLES = ['change_detection'] as const;
export type TunableName = KernelTunableName | (typeof OWN_TUNABLES)[number];

interface Tunable {
  readonly word: number;
  readonly initial: number;
  readonly min: number;
  readonly max: number;
  /** What the values are called, from 0 on. */
  readonly names?: readonly string[];
}

const TUNABLES: Record<TunableName, Tunable> = {
  run: { word: CTL_RUN, initial: RUN_STOP, min: 0, max: RUN_UNMERGE },
  pages_to_scan: { word: CTL_PAGES_TO_SCAN, initial: 100, min: 0, max: UNSIGNED_MAX },
  sleep_millisecs: { word: CTL_SLEEP_MILLISECS, initial: 20, min: 0, max: UNSIGNED_MAX },
  merge_across_nodes: { word: CTL_MERGE_ACROSS_NODES, initial: 1, min: 0, max: 1 },
  max_page_sharing: { word: CTL_MAX_PAGE_SHARING, initial: 256, min: 2, max: SIGNED_MAX },
  stable_node_chains_prune_millisecs: {
    word: CTL_CHAINS_PRUNE_MILLISECS,
    initial: 2000,
    min: 0,
    max: UNSIGNED_MAX,
  },
  use_zero_pages: { word: CTL_USE_ZERO_PAGES, initial: 0, min: 0, max: 1 },
  smart_scan: { word: CTL_SMART_SCAN, initial: 1, min: 0, max: 1 },
  advisor_mode: {
    word: CTL_ADVISOR_MODE,
    initial: ADVISOR_NONE,
    min: ADVISOR_NONE,
    max: ADVISOR_SCAN_TIME,
    names: ['none', 'scan-time'],
  },
  advisor_max_cpu: { word: CTL_ADVISOR_MAX_CPU, initial: 70, min: 0, max: UNSIGNED_MAX },
  advisor_min_pages_to_scan: {
    word: CTL_ADVISOR_MIN_PAGES_TO_SCAN,
    initial: 500,
    min: 0,
    max: UNSIGNED_MAX,
  },
  advisor_max_pages_to_scan: {
    word: CTL_ADVISOR_MAX_PAGES_TO_SCAN,
    initial: 30000,
    min: 0,
    max: UNSIGNED_MAX,
  },
  advisor_target_scan_time: {
    word: CTL_ADVISOR_TARGET_SCAN_TIME,
    initial: 200,
    min: 1,
    max: UNSIGNED_MAX,
  },
  change_detection: {
    word: CTL_CHANGE_DETECTION,
    initial: 0,
    min: 0,
    max: 1,
    names: ['checksum', 'dirty'],
  },
};

/**
 * A new machine's tunables: the kernel's defaults; what the profile lacks is off or without limit.
 * And what else the core has to know of the profile.
 */
export function initTunables(memory: SharedMemory, profile: KernelProfile): void {
  for (const { word, initial } of Object.values(TUNABLES)) memory.i32[word] = initial | 0;
  if (profile.chains === 'none') memory.i32[CTL_MAX_PAGE_SHARING] = SIGNED_MAX;
  if (!profile.smartScan) memory.i32[CTL_SMART_SCAN] = 0;
  memory.i32[CTL_CHECKSUM_FIRST] = profile.checksumFirst ? 1 : 0;
  memory.i32[CTL_CHAINS_ALWAYS_YIELD] = profile.chains === 'any' ? 1 : 0;
}

export function readTunable(memory: SharedMemory, name: TunableName): TunableValue {
  const { word, names } = TUNABLES[name];
  const value = Atomics.load(memory.i32, word) >>> 0;
  return names?.[value] ?? value;
}

/** The words that a tunable takes; undefined where it takes numbers. */
export function tunableWords(name: TunableName): readonly string[] | undefined {
  return TUNABLES[name].names;
}

/** The profile's kernel's, and ksmd's own. */
export function tunableNames(profile: KernelProfile): readonly TunableName[] {
  return [...profile.tunables, ...OWN_TUNABLES];
}

/**
 * What a tunable's values are called, or the values themselves, where they are few; none where they
 * are many.
 */
export function tunableChoices(name: TunableName): readonly string[] {
  const { min, max, names } = TUNABLES[name];
  return (
    names ??
    (max - min < 3 ? Array.from({ length: max - min + 1 }, (_, index) => String(min + index)) : [])
  );
}

/** The tunable of that name. ENOENT if the profile has none. */
export function tunableName(profile: KernelProfile, name: string): TunableName {
  const names = tunableNames(profile);
  const known = names.find((tunable) => tunable === name);
  if (known === undefined)
    throw new KsmdError(
      'ENOENT',
      `no tunable '${name}': with Linux ${profile.name} there are ${names.join(', ')}`,
    );
  return known;
}

/**
 * Refuses what the kernel refuses of these values, written in this order, and changes nothing:
 * EINVAL, EBUSY. What is left to go wrong is that an unmerge runs out of frames.
 */
export function checkTunables(
  memory: SharedMemory,
  values: readonly (readonly [TunableName, TunableValue])[],
): void {
  const { i32 } = memory;
  let advisorMode = i32[CTL_ADVISOR_MODE];
  let pagesShared = i32[CTL_PAGES_SHARED];
  for (const [name, value] of values) {
    const number = checkedNumber(name, value);
    if (name === 'advisor_mode') advisorMode = number;
    if (name === 'run' && number === RUN_UNMERGE) pagesShared = 0;
    if (name === 'pages_to_scan' && advisorMode !== ADVISOR_NONE) {
      throw new KsmdError(
        'EINVAL',
        'pages_to_scan is chosen by the advisor: set advisor_mode to none first',
      );
    }
    if (
      (name === 'max_page_sharing' || name === 'merge_across_nodes') &&
      i32[TUNABLES[name].word] !== number &&
      pagesShared > 0
    ) {
      throw new KsmdError(
        'EBUSY',
        `${name} cannot change while pages are shared: set run to 2 first`,
      );
    }
  }
}

/**
 * Writes a tunable, with all that this sets going. Refuses what the kernel refuses: EINVAL,
 * EBUSY.
 */
export function setTunable(ksm: Ksm, name: TunableName, value: TunableValue): void {
  checkTunables(ksm.machine.memory, [[name, value]]);
  const { i32 } = ksm.machine.memory;
  const { word } = TUNABLES[name];
  const number = checkedNumber(name, value);
  switch (name) {
    case 'run':
      setRun(ksm, number);
      return;
    case 'advisor_mode':
      ksm.advisor.setMode(number);
      return;
    case 'max_page_sharing':
    case 'merge_across_nodes':
      if (i32[word] !== number && ksm.machine.memory.core.stableRemoveStale() === 0)
        throw new KsmdError('EBUSY', `${name} cannot change while a merged page is still mapped`);
      break;
  }
  Atomics.store(i32, word, number | 0);
}

/** The number a value stands for. EINVAL if it is none, or out of range. */
function checkedNumber(name: TunableName, value: TunableValue): number {
  const { min, max, names } = TUNABLES[name];
  const number = toNumber(value, names);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new KsmdError(
    'EINVAL',
    `${name} takes ` +
      `${names === undefined ? `whole numbers from ${min} to ${max}` : names.join(' or ')}, ` +
      `not ${plain(value)}`,
  );
}

/** A value as it may stand in a sentence. */
function plain(value: TunableValue): string {
  const text = String(value).trimEnd();
  return /^[\x21-\x7e]{1,40}$/.test(text) ? text : JSON.stringify(text.slice(0, 40));
}

function toNumber(value: TunableValue, names: readonly string[] | undefined): number {
  if (typeof value === 'number') return value;
  if (names !== undefined) return names.indexOf(value);
  return /^\d+\n?$/.test(value) ? Number(value) : Number.NaN;
}

function setRun(ksm: Ksm, run: number): void {
  const { i32 } = ksm.machine.memory;
  if (i32[CTL_RUN] === run) return;
  Atomics.store(i32, CTL_RUN, run);
  if (run !== RUN_UNMERGE) return;
  try {
    ksm.unmergeAll();
  } catch (error) {
    Atomics.store(i32, CTL_RUN, RUN_STOP);
    throw error;
  }
}
