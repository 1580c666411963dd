/** What tells settings from one another: where all have the same value, it need not be said. */
import type { Run } from '../../../../predict/outcome.js';
import { settingsLabel } from '../prediction-told.js';

export interface Labels {
  /** For a table, one a run: names with their values. */
  readonly long: readonly string[];
  /** For a legend: where each has several names that tell it from others, their values alone. */
  readonly short: readonly string[];
  /** And whose values these are; '' where a label says so itself. */
  readonly labelled: string;
}

const BETWEEN = ' · ';

export function labelsOf(runs: readonly Run[]): Labels {
  const names = [...new Set(runs.flatMap(({ settings }) => Object.keys(settings)))];
  const varied = names.filter((name) => valuesOf(runs, name).length > 1);
  const long = runs.map(({ settings }) => {
    const telling = Object.entries(settings).filter(([name]) => varied.includes(name));
    return settingsLabel(telling.length === 0 ? settings : Object.fromEntries(telling));
  });
  const isWhole = runs.every(({ settings }) => varied.every((name) => name in settings));
  if (varied.length < 2 || !isWhole) return { long, short: long, labelled: '' };
  const short = runs.map(({ settings }) => varied.map((name) => settings[name]).join(BETWEEN));
  return { long, short, labelled: varied.join(BETWEEN) };
}

function valuesOf(runs: readonly Run[], name: string): (string | undefined)[] {
  return [...new Set(runs.map(({ settings }) => settings[name]))];
}
