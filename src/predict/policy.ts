/**
 * What switches KSM on and off, and chooses its pace, on hosts that do not leave it alone: looks at
 * the host's memory now and then, and writes tunables.
 *
 * Each is one run's: what it has chosen last is part of it.
 */
import type { TunableValue } from '../ksm/tunables.js';
import type { PolicyName } from '../names.js';
import type { HostMemory } from './host-memory.js';

const FEWEST_SECONDS = 60;
/** Of a policy's: what comes before its first one says nothing of it. */
const FEWEST_LOOKS = 10;

/** Tunables that a policy chooses, or that would keep it from choosing. */
export function chosenBy(name: PolicyName): readonly string[] {
  return name === 'advisor'
    ? ['pages_to_scan', 'advisor_mode']
    : ['pages_to_scan', 'sleep_millisecs', 'run', 'advisor_mode'];
}

export interface Policy {
  /** Before the scanner begins. */
  readonly first: readonly (readonly [string, TunableValue])[];
  /** Between two looks; undefined: it never looks again. */
  readonly everyMs: number | undefined;
  look(memory: HostMemory): readonly (readonly [string, TunableValue])[];
}

/** Under the names of ksmtuned.conf. */
export interface KsmtunedSettings {
  /** Seconds between two looks. */
  readonly KSM_MONITOR_INTERVAL: number;
  /** sleep_millisecs of a host of 16 GiB; larger ones sleep less. */
  readonly KSM_SLEEP_MSEC: number;
  readonly KSM_NPAGES_BOOST: number;
  /** Less than 0. */
  readonly KSM_NPAGES_DECAY: number;
  readonly KSM_NPAGES_MIN: number;
  readonly KSM_NPAGES_MAX: number;
  /** Percent of the host's memory that is to be free. */
  readonly KSM_THRES_COEF: number;
  /** KiB that are to be free, if that is more. */
  readonly KSM_THRES_CONST: number;
}

export const KSMTUNED_DEFAULTS: KsmtunedSettings = {
  KSM_MONITOR_INTERVAL: 60,
  KSM_SLEEP_MSEC: 10,
  KSM_NPAGES_BOOST: 300,
  KSM_NPAGES_DECAY: -50,
  KSM_NPAGES_MIN: 64,
  KSM_NPAGES_MAX: 1250,
  KSM_THRES_COEF: 20,
  KSM_THRES_CONST: 2048,
};

/** Of memory: with so much, KSM_SLEEP_MSEC is how long it sleeps. */
const SLEEP_OF_BYTES = 16 * 2 ** 30;
const LEAST_SLEEP_MS = 10;

/** sleep_millisecs that ksmtuned writes on a host with so much memory. */
export function ksmtunedSleepMs(sleepMsec: number, totalBytes: number): number {
  return Math.max(LEAST_SLEEP_MS, Math.floor((sleepMsec * SLEEP_OF_BYTES) / totalBytes));
}

/** KSM_SLEEP_MSEC by which that is so long, or the next longer that it can be. */
export function ksmtunedSleepMsec(sleepMs: number, totalBytes: number): number {
  return Math.ceil((sleepMs * totalBytes) / SLEEP_OF_BYTES);
}

/** Which, and for those that go by ksmtuned's rules, how it is set. */
export interface PolicyChoice {
  readonly name: PolicyName;
  readonly settings?: KsmtunedSettings;
}

/** How long is predicted at least, however short a recording is, with that policy. */
export function leastSeconds(policy: PolicyChoice | undefined): number {
  const lookSeconds = policy === undefined ? 0 : (policyOf(policy).everyMs ?? 0) / 1000;
  return Math.max(FEWEST_SECONDS, lookSeconds * FEWEST_LOOKS);
}

export function policyOf({ name, settings = KSMTUNED_DEFAULTS }: PolicyChoice): Policy {
  switch (name) {
    case 'ksmtuned':
      return new Ksmtuned(settings, true);
    case 'throttled':
      return new Ksmtuned(settings, false);
    case 'advisor':
      return {
        first: [['advisor_mode', 'scan-time']],
        everyMs: undefined,
        look: () => [],
      };
  }
}

/**
 * ksmtuned, of Fedora, Debian and Proxmox: KSM runs while too little is free, or while machines
 * could come to take so much that too little would be; faster from look to look in the first case,
 * slower in the second. KubeVirt and oVirt do without the second case, if told so: KSM under
 * pressure only.
 */
class Ksmtuned implements Policy {
  readonly first = [['run', 0]] as const;
  private npages = 0;

  constructor(
    private readonly settings: KsmtunedSettings,
    /** What machines have come to take counts as well as what is free. */
    private readonly byCommitted: boolean,
  ) {}

  get everyMs(): number {
    return this.settings.KSM_MONITOR_INTERVAL * 1000;
  }

  look({ totalBytes, freeBytes, committedBytes }: HostMemory): readonly [string, number][] {
    const { settings } = this;
    const threshold = Math.max(
      (totalBytes * settings.KSM_THRES_COEF) / 100,
      settings.KSM_THRES_CONST * 1024,
    );
    const isCommitted = this.byCommitted && committedBytes + threshold >= totalBytes;
    if (freeBytes > threshold && !isCommitted) return [['run', 0]];
    const change = freeBytes < threshold ? settings.KSM_NPAGES_BOOST : settings.KSM_NPAGES_DECAY;
    this.npages = Math.min(
      settings.KSM_NPAGES_MAX,
      Math.max(settings.KSM_NPAGES_MIN, this.npages + change),
    );
    return [
      ['pages_to_scan', this.npages],
      ['sleep_millisecs', ksmtunedSleepMs(settings.KSM_SLEEP_MSEC, totalBytes)],
      ['run', 1],
    ];
  }
}
