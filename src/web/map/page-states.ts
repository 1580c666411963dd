/**
 * What a page can be, in text and in colour.
 *
 * The colours keep apart for people with protanopia, deuteranopia and tritanopia too, on light and
 * on dark: test/web/page-states.test.ts holds them to that.
 */
import type { PageState } from '../../names.js';
import type { Look } from './look.js';

export const STATE_LOOKS: Readonly<Record<PageState, Look>> = {
  shared: {
    label: 'shared',
    meaning: 'merged: it maps a KSM page',
    light: '#24753e',
    dark: '#83ca9a',
  },
  zero: {
    label: 'zero',
    meaning: 'maps the zero page, put there by KSM',
    light: '#46d3f1',
    dark: '#64f7fe',
  },
  unshared: {
    label: 'unshared',
    meaning: 'unchanged, but no page is equal to it',
    light: '#0986f4',
    dark: '#308bda',
  },
  volatile: {
    label: 'volatile',
    meaning: 'new, or it had changed when the scanner last came by',
    light: '#e78034',
    dark: '#dc7500',
  },
  skipped: {
    label: 'skipped',
    meaning: 'left out by smart scan for a while',
    light: '#e7c446',
    dark: '#f8ec71',
  },
  limit: {
    label: 'limit',
    meaning: 'equal to a KSM page that takes no more mappings',
    light: '#843690',
    dark: '#8c0aa3',
  },
  waiting: {
    label: 'waiting',
    meaning: 'the scanner has not come by yet',
    light: '#7b7992',
    dark: '#6b6d6f',
  },
  unmergeable: {
    label: 'unmergeable',
    meaning: 'its guest has not advised it mergeable',
    light: '#9fa0a1',
    dark: '#424547',
  },
  untouched: {
    label: 'untouched',
    meaning: 'never written or given back: it costs no frame',
    light: '#eaf1f5',
    dark: '#192027',
  },
};

/** In the order of the legend: merged, to be merged, not merged, and nothing to merge. */
export const STATE_ORDER = Object.keys(STATE_LOOKS) as readonly PageState[];

/** What a name that this page does not know looks like. */
const UNKNOWN: Look = {
  label: 'unknown',
  meaning: 'a state this page does not know',
  light: '#ff00ff',
  dark: '#ff00ff',
};

export function lookOf(name: string): Look {
  return STATE_LOOKS[name as PageState] ?? UNKNOWN;
}
