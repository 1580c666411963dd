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
  else print(...freeTable(figures, human ? size : inKib), ...sampleNote(oneIn));
  return undefined;
};

function freeTable(figures: Footprint, inUnits: (bytes: number) => string): string[] {
  const { totalBytes, usedBytes, freeBytes, sharedBytes, withoutKsmBytes, savedBytes } = figures;
  const { forkSharedBytes } = figures;
  const row = (label: string, ...cells: (number | undefined)[]): string =>
    columns(
      label,
      cells.map((bytes) => (bytes === undefined ? '' : inUnits(bytes))),
    );
  return [
    columns('', HEAD),
    row('Mem:', totalBytes, usedBytes, freeBytes, sharedBytes, 0, 0),
    row('-KSM:', undefined, withoutKsmBytes, totalBytes - withoutKsmBytes),
    row('Swap:', 0, 0, 0),
    row('Saved:', undefined, savedBytes),
    ...(forkSharedBytes === 0 ? [] : [row('Forked:', undefined, forkSharedBytes)]),
  ];
}

function sampleNote(oneIn: number): string[] {
  return oneIn === 1 ? [] : [`Sample: 1 page in ${figure(oneIn)}, which all this is of`];
}

function columns(label: string, cells: readonly string[]): string {
  return label.padEnd(LABEL_WIDTH) + cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join('');
}

function inKib(bytes: number): string {
  return String(Math.round(bytes / 1024));
}
