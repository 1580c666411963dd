/**
 * `ksmd free`: memory, as procps' free showed it when KSM was young, and what it would be without
 * KSM.
 */
import { Option } from 'commander';
import { type Footprint, footprint } from '../../procps/footprint.js';
import { size } from '../../terminal/wording.js';
import { verb } from '../../verb.js';

const HEAD = ['total', 'used', 'free', 'shared', 'buffers', 'cached'];
const LABEL_WIDTH = 7;
const COLUMN_WIDTH = 11;

export const free = verb<[], { readonly human?: true }>({
  name: 'free',
  summary: 'memory used and free, and what it would be without KSM',
  details: [
    'KiB, unless -h is given. shared: KSM pages. buffers, cached and swap are 0: the simulated host has no files and no disks.',
    'Saved: what would be used as well if every page that holds something had a frame of its own; -KSM: used and free in that case. Less than nothing is free where guests would not fit.',
  ],
  options: [new Option('-h, --human', 'in units that are easy to read')],
  examples: ['ksmd free -h', 'ksmd free --json'],
  json: true,
  run: async ({ client, json, print, printJson }, _values, { human }) => {
    const figures = footprint(await client.status());
    if (json) printJson(figures);
    else print(freeTable(figures, human ? size : inKib));
    return undefined;
  },
});

function freeTable(figures: Footprint, inUnits: (bytes: number) => string): string {
  const { totalBytes, usedBytes, freeBytes, sharedBytes, withoutKsmBytes, savedBytes } = figures;
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
  ].join('\n');
}

function columns(label: string, cells: readonly string[]): string {
  return label.padEnd(LABEL_WIDTH) + cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join('');
}

function inKib(bytes: number): string {
  return String(Math.round(bytes / 1024));
}
