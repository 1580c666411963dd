/** What the pages of the map are coloured by: a class for each slot, and what classes look like. */
import type { Look } from './look.js';

export interface ShownClass {
  /** What `values` have of it: 0 to 14. */
  readonly value: number;
  readonly look: Look;
  /** How many pages are of it. */
  readonly pages: number;
}

export interface Colours {
  /** By slot. */
  readonly values: Uint8Array;
  /** In the order of the legend. */
  readonly classes: readonly ShownClass[];
  /** They are of states, which go with the mirror. */
  readonly areLive: boolean;
}
