/** khugepaged's counters and tunables as metrics. Name, unit and help follow from their records. */
import {
  KHUGEPAGED_COUNTER_NAMES,
  KHUGEPAGED_COUNTERS,
  KHUGEPAGED_TUNABLE_NAMES,
  KHUGEPAGED_TUNABLES,
} from '../../khugepaged/tunables.js';
import type { Host } from '../../ksm/host.js';
import { baseUnit, sentence } from './kernel.js';
import { counter, gauge, type Metric } from './metric.js';

export function khugepagedMetrics({ khugepaged }: Host): Metric[] {
  const counters = KHUGEPAGED_COUNTER_NAMES.map((name) => {
    const help = sentence(KHUGEPAGED_COUNTERS[name].help);
    return counter(
      { name: `ksmd_khugepaged_${name}_total`, help },
      () => khugepaged.counters[name],
    );
  });
  const tunables = KHUGEPAGED_TUNABLE_NAMES.map((name) => {
    const record = KHUGEPAGED_TUNABLES[name];
    const { suffix, per } = baseUnit(record);
    const help = sentence(record.help);
    return gauge(
      { name: `ksmd_khugepaged_${name.replace(/_millisecs$/, '')}${suffix}`, help },
      () => khugepaged.tunables[name] / per,
    );
  });
  return [...counters, ...tunables];
}
