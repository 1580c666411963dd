/**
 * How KSM was set on a recorded host, as its recording has it. Tells nothing of what the recording
 * does not: neither defaults, nor, where images were captured, what is set on the machine that has
 * them, which is not the guests' host.
 */
import { TUNABLE_NAMES, type TunableName, tunableRecord } from '../ksm/records/tunable-records.js';
import type { TunableValue } from '../ksm/tunables.js';
import type { RecordedHost } from '../recording/recorded-host.js';

export type HostTunables = ReadonlyMap<TunableName, TunableValue>;

const IN_RECORDING = 'ksm/';
/** Of a file's names, the one that holds: `none [scan-time]`. */
const CHOSEN = /\[([^\]]*)\]/;

/** At the recording's end. */
export function recordedTunables(host: RecordedHost): HostTunables {
  const found = new Map<TunableName, TunableValue>();
  if (!isOfProcesses(host)) return found;
  const { hostNumbers } = host.header;
  for (const name of TUNABLE_NAMES) {
    const number = host.numbers[hostNumbers.indexOf(IN_RECORDING + name)];
    const text = host.facts[IN_RECORDING + name];
    if (number !== undefined) found.set(name, number);
    else if (text !== undefined) found.set(name, CHOSEN.exec(text)?.[1] ?? text.trim());
  }
  return found;
}

/** What is recorded of the host is said of the host that its guests run on. */
export function isOfProcesses({ guests }: RecordedHost): boolean {
  return [...guests.values()].some(({ facts }) => facts.pid > 0);
}

/** What the kernel begins with. */
export function defaultOf(name: TunableName): TunableValue {
  const { initial, takes } = tunableRecord(name);
  return 'names' in takes ? (takes.names[initial] ?? initial) : initial;
}
