/** How often the dashboard asks how much of what is saved are zeroes. */
import { expect, test } from 'vitest';
import { Zeroes } from '../../src/web/zeroes.js';

function asking(answer: () => Promise<number>) {
  const told: number[] = [];
  const clock = { nowMs: 0, asked: 0 };
  const zeroes = new Zeroes(
    async () => {
      clock.asked++;
      const zeroPages = await answer();
      return { sharing: { zeroPages, withinGuestPages: 0, betweenGuestsPages: 0 }, pageSize: 4096 };
    },
    (bytes) => told.push(bytes),
    () => clock.nowMs,
  );
  return { zeroes, told, clock };
}

test('when savings have changed, and at most every five seconds', async () => {
  const { zeroes, told, clock } = asking(async () => 2);
  await zeroes.update(100);
  await zeroes.update(100);
  await zeroes.update(200);
  expect(told).toEqual([8192]);
  clock.nowMs = 5000;
  await zeroes.update(200);
  clock.nowMs = 50_000;
  await zeroes.update(200);
  expect(clock.asked).toBe(2);
});

test('seldomer, the longer it takes', async () => {
  const { zeroes, clock } = asking(async () => {
    clock.nowMs += 1000;
    return 1;
  });
  await zeroes.update(1);
  clock.nowMs = 20_999;
  await zeroes.update(2);
  expect(clock.asked).toBe(1);
  clock.nowMs = 21_000;
  await zeroes.update(2);
  expect(clock.asked).toBe(2);
});

test('again, if there was no answer', async () => {
  const { zeroes, told, clock } = asking(async () => {
    if (clock.asked === 1) throw new Error('nobody is there');
    return 3;
  });
  await zeroes.update(1);
  clock.nowMs = 5000;
  await zeroes.update(1);
  expect(told).toEqual([3 * 4096]);
});
