/** How often the dashboard asks what the daemon has to look at every page for. */
import { expect, test } from 'vitest';
import { Rest } from '../../src/web/rest.js';
import { Seldom } from '../../src/web/seldom.js';

function asking(answer: () => Promise<number>) {
  const told: number[] = [];
  const clock = { nowMs: 0, asked: 0 };
  const seldom = new Seldom(
    async () => {
      clock.asked++;
      return answer();
    },
    (number) => told.push(number),
    new Rest(() => clock.nowMs),
  );
  return { seldom, told, clock };
}

test('when something has changed, and at most every five seconds', async () => {
  const { seldom, told, clock } = asking(async () => 2);
  await seldom.update('one');
  await seldom.update('one');
  await seldom.update('another');
  expect(told).toEqual([2]);
  clock.nowMs = 5000;
  await seldom.update('another');
  clock.nowMs = 50_000;
  await seldom.update('another');
  expect(clock.asked).toBe(2);
});

test('seldomer, the longer it takes', async () => {
  const { seldom, clock } = asking(async () => {
    clock.nowMs += 1000;
    return 1;
  });
  await seldom.update('one');
  clock.nowMs = 20_999;
  await seldom.update('another');
  expect(clock.asked).toBe(1);
  clock.nowMs = 21_000;
  await seldom.update('another');
  expect(clock.asked).toBe(2);
});

test('again, if there was no answer', async () => {
  const { seldom, told, clock } = asking(async () => {
    if (clock.asked === 1) throw new Error('nobody is there');
    return 3;
  });
  await seldom.update('one');
  clock.nowMs = 5000;
  await seldom.update('one');
  expect(told).toEqual([3]);
});

test('at once where there may be another daemon, and what the one before says does not count', async () => {
  const answers: ((answer: number) => void)[] = [];
  const { seldom, told } = asking(() => new Promise((answer) => answers.push(answer)));
  const before = seldom.update('one');
  seldom.begin();
  const after = seldom.update('one');
  answers[0]?.(1);
  await before;
  expect(told).toEqual([]);
  answers[1]?.(2);
  await after;
  expect(told).toEqual([2]);
});

test('what goes wrong in showing an answer is not taken for silence', async () => {
  const seldom = new Seldom(
    async () => 1,
    () => {
      throw new Error('it cannot be shown');
    },
  );
  await expect(seldom.update('one')).rejects.toThrow('it cannot be shown');
});
