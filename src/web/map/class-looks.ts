/**
 * What pages look like that are told apart by something else than their state.
 *
 * What is counted gets lighter or darker all along, so that its order is seen without hues. All
 * classes of one kind keep apart for people with protanopia, deuteranopia and tritanopia too, on
 * light and on dark: test/web/map/class-looks.test.ts holds them to that.
 */
import type { PageClassing, PageClassKind } from '../../names.js';
import type { PageClass } from '../../protocol/routes/page-classes.js';
import { figure } from '../../wording/amounts.js';
import type { Look } from './look.js';

type Colour = Pick<Look, 'light' | 'dark'>;

const UNTOUCHED: Colour = { light: '#eaf1f5', dark: '#192027' };
/** Of the few, of the many: from the ground away. */
const RAMP: readonly Colour[] = [
  { light: '#ecd840', dark: '#631f96' },
  { light: '#86b44d', dark: '#5f5dad' },
  { light: '#3c9768', dark: '#169475' },
  { light: '#356a8f', dark: '#3bbd67' },
  { light: '#2d4481', dark: '#94d948' },
  { light: '#190350', dark: '#fdffa6' },
];
/** Beside the ramp. */
const PLAIN: Colour = { light: '#b5c8d8', dark: '#134150' };
const STRIKING: Colour = { light: '#ee6aa7', dark: '#e469c0' };
const PARTNERS: readonly Colour[] = [
  { light: '#1a50d3', dark: '#4f78ff' },
  { light: '#e26029', dark: '#de841f' },
  { light: '#069e76', dark: '#3fbc9a' },
  { light: '#f1d23d', dark: '#f5d154' },
  { light: '#a22890', dark: '#b06dba' },
];
const OTHER_PARTNERS: Colour = { light: '#6e511f', dark: '#7e522d' };

const ZEROES: Readonly<Record<string, Colour>> = {
  zero: { light: '#21c1f8', dark: '#64f7fe' },
  other: { light: '#c4cfcb', dark: '#3c4349' },
  merged: { light: '#8d949b', dark: '#7b838b' },
  zeroes: { light: '#e07020', dark: '#ea8c33' },
  zeroesMerged: { light: '#1b4fa0', dark: '#4791e3' },
};
const GUEST: Readonly<Record<string, Colour>> = {
  zero: { light: '#87cbff', dark: '#64d7fe' },
  apart: { light: '#b1b9af', dark: '#3a4046' },
  alone: { light: '#3b4046', dark: '#e5f0e6' },
};

/** In the order of the legend. */
const ORDER: readonly PageClassKind[] = [
  'partner',
  'partners',
  'alone',
  'zero',
  'zeroesMerged',
  'zeroes',
  'merged',
  'other',
  'unknown',
  'mapped',
  'age',
  'apart',
  'untouched',
];

export function rankOf(kind: PageClassKind): number {
  return ORDER.indexOf(kind);
}

/** The looks of these classes, in their order. */
export function looksOf(by: PageClassing, classes: readonly PageClass[], about = ''): Look[] {
  let counted = 0;
  let partners = 0;
  return classes.map((each) => {
    const colour =
      each.kind === 'age' || (each.kind === 'mapped' && each.most !== 1)
        ? RAMP[counted++]
        : each.kind === 'partner'
          ? PARTNERS[partners++]
          : plainColour(by, each);
    return { ...wordsOf(each, about), ...(colour ?? PLAIN) };
  });
}

function plainColour(by: PageClassing, { kind }: PageClass): Colour | undefined {
  if (kind === 'untouched') return UNTOUCHED;
  if (kind === 'partners') return OTHER_PARTNERS;
  if (by === 'zeroes') return ZEROES[kind];
  if (by === 'guest') return GUEST[kind];
  return kind === 'zero' || kind === 'unknown' ? STRIKING : PLAIN;
}

function wordsOf(each: PageClass, about: string): Pick<Look, 'label' | 'meaning'> {
  const { kind, guest = '' } = each;
  switch (kind) {
    case 'untouched':
      return { label: kind, meaning: 'never written or given back: it costs no frame' };
    case 'zero':
      return { label: 'zero page', meaning: 'maps the zero page, put there by KSM' };
    case 'mapped':
      return each.most === 1
        ? { label: 'its own', meaning: 'no other page maps its frame' }
        : { label: range(each), meaning: `its frame is mapped by ${range(each)} pages` };
    case 'zeroesMerged':
      return { label: 'zeroes, merged', meaning: 'nothing but zeroes, in a KSM page' };
    case 'zeroes':
      return {
        label: 'zeroes, not merged',
        meaning: 'nothing but zeroes, in a frame of its own: merging would give that back',
      };
    case 'merged':
      return { label: 'merged', meaning: 'it maps a KSM page' };
    case 'other':
      return { label: 'not merged', meaning: 'something else, in a frame that is no KSM page' };
    case 'unknown':
      return { label: 'not known', meaning: 'the scanner keeps no record of it' };
    case 'age':
      return { label: range(each), meaning: ageText(each) };
    case 'alone':
      return { label: `${guest} alone`, meaning: `a page of ${guest} that no other guest shares` };
    case 'partner':
      return { label: `with ${guest}`, meaning: `${about} and ${guest} map the same frame` };
    case 'partners':
      return { label: 'with others', meaning: `${about} and a guest that shares less with it` };
    case 'apart':
      return { label: 'apart', meaning: `another guest’s, in a frame that ${about} does not map` };
  }
}

/** How smart scan goes on from there, the kernel's way. */
function ageText(each: PageClass): string {
  const { least = 0 } = each;
  const left =
    least < 3
      ? 'visited by each full scan'
      : `left out of ${least < 6 ? '1 or 2' : least < 9 ? '4' : '8'} full scans between two visits`;
  return `not merged in ${range(each)} visits; with smart scan, ${left}`;
}

function range({ least = 0, most }: Pick<PageClass, 'least' | 'most'>): string {
  if (most === undefined) return `${figure(least)} or more`;
  return most === least ? figure(least) : `${figure(least)} to ${figure(most)}`;
}
