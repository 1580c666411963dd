/** Predictions as CSV: a row a sample, the settings first. */
import type { Run } from '../../../predict/outcome.js';

export function predictionCsv(runs: readonly Run[]): string[] {
  const names = [...new Set(runs.flatMap(({ settings }) => Object.keys(settings)))];
  const [first] = runs[0]?.predicted.samples ?? [];
  if (first === undefined) return [];
  const { t: _t, counters, ...others } = first;
  const counterNames = Object.keys(counters);
  const otherNames = Object.keys(others) as (keyof typeof others)[];
  const head = [...names, 't', ...counterNames, ...otherNames].join(',');
  const rows = runs.flatMap(({ settings, predicted }) =>
    predicted.samples.map((sample) =>
      [
        ...names.map((name) => field(settings[name] ?? '')),
        sample.t,
        ...counterNames.map((name) => sample.counters[name] ?? ''),
        ...otherNames.map((name) => sample[name]),
      ].join(','),
    ),
  );
  return [head, ...rows];
}

/** As RFC 4180 has it: a policy's file may be called anything. */
function field(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
