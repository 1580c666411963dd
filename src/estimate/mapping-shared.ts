/**
 * What advising mappings would save at most: label by label, of all guests together, if all else
 * that counts is advised as well, and zero pages apart.
 *
 * A content that only mappings of one label have keeps a frame there; of one that others have too
 * all pages of the label are saved, as they merge with those. So what two labels save may be the
 * same in part.
 */
import { PAGE_CONTENT, PAGE_KIND } from '../recording/format.js';
import type { ContentTable } from './content-table.js';
import { type Estimated, type Scale, Summed } from './scale.js';

/** Mappings of one label. */
export interface MappingShared {
  readonly label: string;
  readonly pages: number;
  /** Of these, those that are advised already. */
  readonly advisedPages: number;
  readonly saves: Estimated;
}

/** Calls `visit` for all pages that count, the same ones each time. */
export type EachCounted = (
  visit: (
    state: number,
    isAdvised: boolean,
    label: string,
    fingerprints: () => Buffer,
    offset: number,
  ) => void,
) => void;

/** More than one label has it. */
const SEVERAL = -1;

interface OfLabel {
  pages: number;
  advisedPages: number;
  readonly saves: Summed;
}

/** Those that save most, `most` of them. `table`: of all these pages. */
export function mappingsShared(
  eachCounted: EachCounted,
  table: ContentTable,
  scale: Scale,
  most: number,
): MappingShared[] {
  const labels = labelsOf(eachCounted, table);
  const times = new Uint32Array(table.size);
  table.each((pages, _guests, number) => {
    times[number] = pages;
  });
  const found = new Map<string, OfLabel>();
  eachCounted((state, isAdvised, label, fingerprints, offset) => {
    const of = found.get(label) ?? { pages: 0, advisedPages: 0, saves: new Summed() };
    found.set(label, of);
    of.pages++;
    if (isAdvised) of.advisedPages++;
    if ((state & PAGE_KIND) !== PAGE_CONTENT) return;
    const content = table.numberOf(fingerprints(), offset);
    const pages = times[content] ?? 0;
    // A content is in the sample with all of its pages, or with none: its error is that of as many.
    const saved = labels[content] === SEVERAL ? pages : pages - 1;
    of.saves.sum += saved / pages;
    of.saves.squares += saved ** 2 / pages;
  });
  return [...found]
    .map(([label, { pages, advisedPages, saves }]) => {
      const { pages: saved, error } = scale.of({ ...saves, sum: Math.round(saves.sum) });
      return { label, pages, advisedPages, saves: { pages: saved, error } };
    })
    .filter(({ saves }) => saves.pages > 0)
    .sort((a, b) => b.saves.pages - a.saves.pages)
    .slice(0, most);
}

/** Of each content, by its number, that of the one label that has it, from 1 on, or SEVERAL. */
function labelsOf(eachCounted: EachCounted, table: ContentTable): Int32Array {
  const numbers = new Map<string, number>();
  const labels = new Int32Array(table.size);
  eachCounted((state, _isAdvised, label, fingerprints, offset) => {
    if ((state & PAGE_KIND) !== PAGE_CONTENT) return;
    const number = numbers.get(label) ?? numbers.size + 1;
    numbers.set(label, number);
    const content = table.numberOf(fingerprints(), offset);
    labels[content] = labels[content] === 0 || labels[content] === number ? number : SEVERAL;
  });
  return labels;
}
