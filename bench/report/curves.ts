/**
 * Which curves the pictures of a bench show: free memory over time, of each phase in which memory
 * came free, and of the whole worst case.
 */

import type { Results } from '../results.js';
import type { Row } from '../row.js';
import type { Sample } from '../sides/side.js';

export type SideName = 'ksmd' | 'kernel';

export interface Point {
  readonly seconds: number;
  readonly freeBytes: number;
}

export interface Curve {
  readonly side: SideName;
  /** At least one. */
  readonly points: readonly Point[];
  /** Where a copy's last page had merged. */
  readonly ends: readonly Point[];
}

export interface Picture {
  /** A file's name, without its ending. */
  readonly name: string;
  readonly title: string;
  /** What the seconds are counted from. */
  readonly since: string;
  readonly curves: readonly Curve[];
}

const WHOLE_WORST_CASE = ['worst-2', 'worst-3', 'worst-4'];

export function picturesOf({ rows }: Results): Picture[] {
  const drawn = rows.filter((row) => row.ksmdSamples !== undefined);
  const pictures = drawn.map((row) => ({
    name: row.phase,
    title: upperFirst(row.what),
    since: 'since the last write',
    curves: curvesOf([row]),
  }));
  const whole = WHOLE_WORST_CASE.map((phase) => drawn.find((row) => row.phase === phase)).filter(
    (row) => row !== undefined,
  );
  if (whole.length < WHOLE_WORST_CASE.length) return pictures;
  const title = 'Worst case: a second, a third and a fourth copy merge, one after another';
  return [
    {
      name: 'worst-case',
      title,
      since: 'of merging, without those in which a copy was written',
      curves: curvesOf(whole),
    },
    ...pictures,
  ];
}

/** The rows one after another, as if each began when the one before ended. */
function curvesOf(rows: readonly Row[]): Curve[] {
  const sides: [SideName, (row: Row) => readonly Sample[] | undefined][] = [
    ['ksmd', (row) => row.ksmdSamples],
    ['kernel', (row) => row.kernelSamples],
  ];
  return sides
    .filter(([, samples]) => rows.every((row) => samples(row) !== undefined))
    .map(([side, samples]) => {
      const points: Point[] = [];
      const ends: Point[] = [];
      for (const row of rows) {
        const begin = points.at(-1)?.seconds ?? 0;
        for (const { seconds, savedBytes } of samples(row) ?? []) {
          points.push({
            seconds: begin + seconds,
            freeBytes: (row.freeUnmergedBytes ?? 0) + savedBytes,
          });
        }
        ends.push(...points.slice(-1));
      }
      return { side, points, ends };
    });
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
