/** What is said of predictions beside their figures. */
import { expect, test } from 'vitest';
import { beyondSentences } from '../../../../src/cli/commands/foresee/prediction-told.js';
import type { Predicted } from '../../../../src/predict/prediction.js';
import { run } from '../../../web/prediction/told.js';

function played(seconds: number, more: Partial<Predicted> = {}): Predicted {
  const sample = {
    freed_bytes: 0,
    split_zero_bytes: 0,
    kernel_cpu_seconds: 0,
    huge_pages: 0,
    collapses: 0,
  };
  const ends = [0, seconds].map((t) => ({
    ...sample,
    ...{ t, counters: {}, breaks: 0, guest_cpu_seconds: 0 },
  }));
  return { ...run({}, ends).predicted, recordedSeconds: 10, ...more };
}

test('what is played after the recording is said to be, and what does not come again', () => {
  expect(beyondSentences(played(10))).toEqual([]);
  expect(beyondSentences(played(11))).toEqual([
    'Where the recording ends it goes on as its latter half did.',
  ]);
  const [, forgotten] = beyondSentences(played(11, { forgottenPages: 1500 }));
  expect(forgotten).toMatch(
    /^But for 1,500 changes of pages, .* and more is saved than would be\.$/,
  );
});

test('of one look nobody knows a latter half', () => {
  const [only, ...more] = beyondSentences(played(60, { recordedSeconds: 0 }));
  expect(only).toMatch(/one look/);
  expect(more).toEqual([]);
});
