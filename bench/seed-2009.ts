/**
 * What the seed's author measured in 2009, on a Core 2 of 2 GHz with 4 GiB and guests of 1 GiB, by
 * phase: in seconds, or in his words.
 */
import type { Phase } from './row.js';

export interface SeedFigure {
  readonly seconds?: number;
  readonly words: string;
}

export const SEED_2009: Partial<Readonly<Record<Phase, SeedFigure>>> = {
  'worst-2': { seconds: 104, words: '104 s: 8, then 96' },
  'worst-3': { seconds: 34, words: '34 s' },
  'worst-4': { seconds: 34, words: '34 s' },
  'best-1': { seconds: 4, words: '4 s' },
  'best-2': { seconds: 4, words: '4 s' },
  'read-loop': { words: '7.5 → 7.5 ms, best 7.7 → 1.6' },
  overcommit: { words: 'fits, 1 GiB left' },
  profile: { words: 'memcmp 76 % worst, 26 % best' },
  growth: { words: 'only logarithmically' },
};
