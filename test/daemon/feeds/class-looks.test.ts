/** Looks at classes of pages: shared by who asks at once, and kept a while. */
import { expect, test } from 'vitest';
import { ClassLooks } from '../../../src/daemon/feeds/class-looks.js';
import type { PageClasses, PageClassesQuery } from '../../../src/protocol/routes/page-classes.js';
import { applyRunLengths } from '../../../src/protocol/run-lengths.js';
import { BenchHost, times } from '../../ksm/bench-host.js';

/** Every question for the time takes a millisecond. */
function rig() {
  const bench = new BenchHost();
  bench.guest('a', [1, 1, 2]);
  bench.fullScans(3);
  let nowMs = 0;
  const looks = new ClassLooks(
    bench.host,
    () => ++nowMs,
    () => 1000 + nowMs,
  );
  return {
    ...{ bench, wait: (ms: number) => (nowMs += ms) },
    looks: {
      look: (query: PageClassesQuery, gone = new AbortController()) =>
        looks.look(query, gone.signal),
    },
  };
}

test('classes are told as run lengths, with what they stand for and when that was', async () => {
  const { looks } = rig();
  const answer = JSON.parse(await looks.look({ by: 'zeroes' })) as PageClasses;
  expect(answer).toMatchObject({ by: 'zeroes', slots: 3, lookedAtMs: expect.any(Number) });
  const values = new Uint8Array(answer.slots);
  applyRunLengths(answer.runs, values, () => {});
  expect([...values].map((value) => answer.classes[value]?.kind)).toEqual([
    'merged',
    'merged',
    'other',
  ]);
  expect(answer.classes.reduce((sum, { pages }) => sum + pages, 0)).toBe(3);
});

test('who asks meanwhile or soon after gets the same; later, what there is then', async () => {
  const { bench, looks, wait } = rig();
  const asked = [looks.look({ by: 'sharers' }), looks.look({ by: 'sharers' })];
  const [seen, same] = await Promise.all(asked);
  expect(same).toBe(seen);
  bench.guest('b', times(5, 1));
  expect(await looks.look({ by: 'sharers' })).toBe(seen);
  expect(await looks.look({ by: 'age' })).not.toBe(seen);
  wait(1000);
  expect(JSON.parse(await looks.look({ by: 'sharers' }))).toMatchObject({ slots: 8 });
});

test('what has failed is not kept, and holds up nobody', async () => {
  const { bench, looks, wait } = rig();
  const failed = looks.look({ by: 'guest', guest: 'b' });
  const other = looks.look({ by: 'guest', guest: 'a' });
  await expect(failed).rejects.toThrow("no guest 'b'");
  expect(JSON.parse(await other)).toMatchObject({ guest: 'a' });
  bench.guest('b', [1]);
  wait(1000);
  expect(JSON.parse(await looks.look({ by: 'guest', guest: 'b' }))).toMatchObject({ guest: 'b' });
});

test('a fifth question is refused for as long as four wait or stand, whatever they are', async () => {
  const { bench, looks, wait } = rig();
  for (const guest of ['b', 'c', 'd', 'e']) bench.guest(guest, [1]);
  const about = (guest: string): Promise<string> => looks.look({ by: 'guest', guest });
  const answers = ['a', 'b', 'c', 'd'].map(about);
  await expect(about('e')).rejects.toMatchObject({ code: 'EBUSY' });
  const seen = await Promise.all(answers);
  await expect(about('e')).rejects.toMatchObject({ code: 'EBUSY' });
  expect(await about('a')).toBe(seen[0]);
  wait(1000);
  expect(JSON.parse(await about('e'))).toMatchObject({ guest: 'e' });
});

test('a look ends once all have gone who waited for it, and no sooner', async () => {
  const { looks, wait } = rig();
  const [first, second, third] = [0, 1, 2].map(() => new AbortController());
  const asked = [first, second].map((gone) => looks.look({ by: 'sharers' }, gone));
  const left = looks.look({ by: 'age' }, third);
  first?.abort();
  third?.abort();
  await expect(left).rejects.toMatchObject({ code: 'EINTR' });
  const [, seen] = await Promise.all(asked);
  second?.abort();
  expect(await looks.look({ by: 'sharers' }), 'it stands, though he has gone').toBe(seen);
  expect(JSON.parse(await looks.look({ by: 'age' })), 'asked anew').toMatchObject({ by: 'age' });
  const gone = new AbortController();
  gone.abort();
  wait(1000);
  const late = looks.look({ by: 'zeroes' }, gone);
  await expect(late, 'who has gone before he asked').rejects.toMatchObject({ code: 'EINTR' });
});

test('who asks and goes, again and again, has no more looks taken than who stays', async () => {
  const { looks, wait } = rig();
  for (let times = 0; times < 4; times++) {
    const gone = new AbortController();
    const asked = looks.look({ by: 'sharers' }, gone);
    gone.abort();
    await expect(asked).rejects.toMatchObject({ code: 'EINTR' });
  }
  await expect(looks.look({ by: 'sharers' })).rejects.toMatchObject({ code: 'EBUSY' });
  wait(1000);
  expect(JSON.parse(await looks.look({ by: 'sharers' }))).toMatchObject({ by: 'sharers' });
});
