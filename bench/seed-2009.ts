/**
 * What the seed's author measured in 2009, on a Core 2 of 2 GHz with 4 GiB and guests of 1 GiB, by
 * phase: in seconds, or in his words.
 */
import type { Phase } from './row.js';

export interface SeedFigure {
  readonly seconds?: number;
  readonly text: string;
}

export const SEED_2009: Partial<Readonly<Record<Phase, SeedFigure>>> = {
  'worst-2': { seconds: 104, text: '104 s: 8, then 96' },
  'worst-3': { seconds: 34, text: '34 s' },
  'worst-4': { seconds: 34, text: '34 s' },
  'best-1': { seconds: 4, text: '4 s' },
  'best-2': { seconds: 4, text: '4 s' },
  'read-loop': { text: '7.5 → 7.5 ms, best 7.7 → 1.6' },
  overcommit: { text: 'fits, 1 GiB left' },
  profile: { text: 'memcmp 76 % worst, 26 % best' },
  growth: { text: 'only logarithmically' },
};
