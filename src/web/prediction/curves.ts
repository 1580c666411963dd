/** What the page's curves are drawn from: JSON in the page, thinned out by who writes it. */

/** Pages by what they are, from the bottom of a pile to its top. */
export const PAGE_KINDS = ['shared', 'sharing', 'zero', 'unshared', 'volatile'] as const;
export type PageKind = (typeof PAGE_KINDS)[number];

export interface Curves {
  /** What tells the settings apart, if that is more than one tunable: their values are labels. */
  readonly labelled: string;
  readonly runs: readonly RunCurves[];
}

/** Of one setting: values at the same times each. */
export interface RunCurves {
  readonly label: string;
  /** Of those that page.css numbers. */
  readonly colour: number;
  readonly isDashed: boolean;
  readonly seconds: readonly number[];
  readonly savedBytes: readonly number[];
  /** At times of its own, as it is an average since the one before; null at the first. */
  readonly processor: {
    readonly seconds: readonly number[];
    readonly share: readonly (number | null)[];
  };
  readonly hugePages: readonly number[];
  readonly kindBytes: Readonly<Record<PageKind, readonly number[]>>;
}
