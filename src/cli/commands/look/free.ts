/**
 * `ksmd free`: memory, as procps' free showed it when KSM was young, and what it would be without
 * KSM.
 */

import { figure, size } from '../../../wording/amounts.js';
import { type Footprint, footprint } from '../../procps/footprint.js';
import type { Action } from '../../verb.js';

const HEAD = ['total', 'used', 'free', 'shared', 'buffers', 'cached'];
const LABEL_WIDTH = 7;
const COLUMN_WIDTH = 11;
/** That names and figures are apart by, where a terminal is narrow. */
const GAP = 1;
/** Total, used and free. */
const LEAST_COLUMNS = 3;

export const action: Action<[], { readonly human?: true }> = async (
  { client, json, print, printJson },
  _values,
  { human },
) => {
  const status = await client.status();
  const figures = footprint(status);
  const { oneIn = 1 } = status.fingerprints ?? {};
  const sample = oneIn === 1 ? {} : { oneIn };
  if (json) printJson({ ...figures, ...sample });
  else {
    const room = process.stdout.columns ?? Number.POSITIVE_INFINITY;
    print(...freeTable(figures, human ? size : inKib, room), ...sampleNote(oneIn));
  }
  return undefined;
};

/** A narrow terminal does without the columns at the right, and then without the space. */
function freeTable(figures: Footprint, inUnits: (bytes: number) => string, room: number): string[] {
  const { totalBytes, usedBytes, freeBytes, sharedBytes, withoutKsmBytes, savedBytes } = figures;
  const { forkSharedBytes } = figures;
  const rows: readonly (readonly [string, ...(number | undefined)[]])[] = [
    ['Mem:', totalBytes, usedBytes, freeBytes, sharedBytes, 0, 0],
    ['-KSM:', undefined, withoutKsmBytes, totalBytes - withoutKsmBytes],
    ['Swap:', 0, 0, 0],
    ['Saved:', undefined, savedBytes],
    ...(forkSharedBytes === 0 ? [] : [['Forked:', undefined, forkSharedBytes] as const]),
  ];
  const lines = rows.map(([label, ...cells]) => [
    label,
    ...cells.map((bytes) => (bytes === undefined ? '' : inUnits(bytes))),
  ]);
  const widest = Math.max(...[HEAD, ...lines].flat().map(({ length }) => length));
  const shown = Math.max(
    LEAST_COLUMNS,
    Math.min(HEAD.length, Math.floor((room - LABEL_WIDTH) / COLUMN_WIDTH)),
  );
  const width = Math.max(
    widest + GAP,
    Math.min(COLUMN_WIDTH, Math.floor((room - LABEL_WIDTH) / shown)),
  );
  return [['', ...HEAD], ...lines].map(
    ([label = '', ...cells]) =>
      label.padEnd(LABEL_WIDTH) +
      cells
        .slice(0, shown)
        .map((cell) => cell.padStart(width))
        .join(''),
  );
}

function sampleNote(oneIn: number): string[] {
  return oneIn === 1 ? [] : [`Sample: 1 page in ${figure(oneIn)}, which all this is of`];
}

function inKib(bytes: number): string {
  return String(Math.round(bytes / 1024));
}
