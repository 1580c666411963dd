/** The map as the browser keeps it, whatever order things arrive in. */
import { expect, test } from 'vitest';
import { changedRunLengths } from '../../../src/daemon/feeds/run-lengths.js';
import { finish } from '../../../src/machine/long-work.js';
import type { PageMapAnswer } from '../../../src/protocol/routes/live.js';
import { Mirror } from '../../../src/web/map/mirror.js';

function runs(from: readonly number[], to: readonly number[]): string {
  return Buffer.from(
    finish(changedRunLengths(Uint8Array.from(from), Uint8Array.from(to))),
  ).toString('base64');
}

function answer(tick: number, states: readonly number[]): PageMapAnswer {
  return {
    tick,
    pageSize: 4096,
    states: [],
    guests: [],
    slots: states.length,
    runs: runs([0, 0], states),
  };
}

/** A mirror, and its requests for the whole map: each waits to be answered. */
function rig(onMap = (): void => {}) {
  const requests: { answer: (map: PageMapAnswer) => void; fail: (error: Error) => void }[] = [];
  const failures: unknown[] = [];
  const mirror = new Mirror(
    () => new Promise((resolve, reject) => requests.push({ answer: resolve, fail: reject })),
    {
      onMap,
      onPages() {},
      onChanged() {},
      onGuests() {},
      onFailure: (error) => failures.push(error),
    },
  );
  return { mirror, requests, failures };
}

const settled = (): Promise<void> => new Promise(setImmediate);

test('what is older than the whole map is left out, what is newer is applied to it', async () => {
  const { mirror, requests } = rig();
  void mirror.begin();
  mirror.apply({ event: 'map', data: { tick: 5 } });
  mirror.apply({ event: 'pages', data: { tick: 5, runs: runs([0, 0], [7, 7]), cursor: 0 } });
  mirror.apply({ event: 'pages', data: { tick: 6, runs: runs([0, 0], [0, 3]), cursor: 1 } });
  requests[0]?.answer(answer(5, [1, 2]));
  await settled();
  expect([...mirror.states]).toEqual([1, 3]);
  expect(mirror.cursor).toBe(1);
  expect(requests.length).toBe(1);
});

test('the answer to a stream that is gone does not count', async () => {
  const { mirror, requests, failures } = rig();
  void mirror.begin();
  void mirror.begin();
  requests[1]?.answer(answer(1, [4, 4]));
  requests[0]?.fail(new Error('gone'));
  await settled();
  expect([...mirror.states]).toEqual([4, 4]);
  expect(failures).toEqual([]);
});

test('what goes wrong as a map is drawn is not taken for a map that could not be had', async () => {
  const { mirror, requests, failures } = rig(() => {
    throw new Error('this cannot be drawn');
  });
  const begun = mirror.begin();
  requests[0]?.answer(answer(1, [4]));
  await expect(begun).rejects.toThrow('this cannot be drawn');
  expect(failures).toEqual([]);
});
