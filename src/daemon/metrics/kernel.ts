/**
 * Counters and tunables as metrics, those that the profile's kernel has and ksmd's own: under
 * node_exporter's names where its ksmd collector has one, so that what was made for a host's own
 * KSM fits, and under `ksmd_` otherwise. Name, unit and help follow from their records.
 *
 * full_scans starts again at 0 when run is set to 2: a counter's reset.
 */

import { readCounter, readGuestCounter } from '../../ksm/counters.js';
import type { Host } from '../../ksm/host.js';
import {
  COUNTERS,
  GUEST_COUNTER_NAMES,
  GUEST_COUNTERS,
  type GuestCounterName,
} from '../../ksm/records/counter-records.js';
import { tunableRecord } from '../../ksm/records/tunable-records.js';
import { readTunable, tunableNames, tunableValueNames } from '../../ksm/tunables.js';
import { counter, gauge, type Metric, state } from './metric.js';

/** Files that node_exporter's ksmd collector tells of. */
const NODE_EXPORTERS: readonly string[] = [
  'full_scans',
  'general_profit',
  'merge_across_nodes',
  'pages_shared',
  'pages_sharing',
  'pages_to_scan',
  'pages_unshared',
  'pages_volatile',
  'run',
  'sleep_millisecs',
];

/** A base unit of Prometheus: what ends the name, and how many of the file's unit are one. */
interface BaseUnit {
  readonly suffix: string;
  readonly per: number;
}

const BASE_UNITS: Partial<Record<string, BaseUnit>> = {
  bytes: { suffix: '_bytes', per: 1 },
  milliseconds: { suffix: '_seconds', per: 1000 },
  percent: { suffix: '_ratio', per: 100 },
  seconds: { suffix: '_seconds', per: 1 },
};
const PLAIN: BaseUnit = { suffix: '', per: 1 };

export function baseUnit({ unit }: { readonly unit: string | undefined }): BaseUnit {
  return BASE_UNITS[unit ?? ''] ?? PLAIN;
}

function metricName(file: string, suffix: string): string {
  const prefix = NODE_EXPORTERS.includes(file) ? 'node_ksmd_' : 'ksmd_';
  return prefix + file.replace(/^ksm_/, '').replace(/_millisecs$/, '') + suffix;
}

/** A record's help as a sentence. */
export function sentence(help: string): string {
  return `${help.charAt(0).toUpperCase()}${help.slice(1)}.`;
}

export function kernelMetrics({ machine: { memory }, profile }: Host): Metric[] {
  const counters = profile.counters.map((name) => {
    const { help, kind, ...record } = COUNTERS[name];
    const suffix = baseUnit(record).suffix + (kind === 'counter' ? '_total' : '');
    const description = { name: metricName(name, suffix), help: sentence(help) };
    return (kind === 'counter' ? counter : gauge)(description, () => readCounter(memory, name));
  });
  const tunables = tunableNames(profile).map((name) => {
    const record = tunableRecord(name);
    const { suffix, per } = baseUnit(record);
    const metric = metricName(name, suffix);
    const choices = tunableValueNames(name);
    if (choices === undefined)
      return gauge(
        { name: metric, help: sentence(record.help) },
        () => Number(readTunable(memory, name)) / per,
      );
    const help = `${sentence(record.help)} 1 for what is chosen.`;
    return state({ name: metric, help }, 'mode', choices, () => String(readTunable(memory, name)));
  });
  return [...counters, ...tunables];
}

/** What a kernel tells of each of its processes, of each guest here, whichever the kernel. */
export function guestCounterMetrics(host: Host): Metric[] {
  const { memory } = host.machine;
  const value = (guest: string, name: GuestCounterName): number =>
    readGuestCounter(memory, host.guests.pointer(guest), name);
  return GUEST_COUNTER_NAMES.map((name) => {
    const { help, ...record } = GUEST_COUNTERS[name];
    const file = name.replace(/^ksm_(process_)?/, '');
    return {
      name: `ksmd_guest_${file}${baseUnit(record).suffix}`,
      help: sentence(help),
      type: 'gauge',
      labels: ['guest'],
      values: () =>
        host.guests.names().map((guest) => ({ labels: { guest }, value: value(guest, name) })),
    };
  });
}
