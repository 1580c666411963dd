/** Parts come up in order, and go down in the reverse one, whatever goes wrong. */
import { describe, expect, test } from 'vitest';
import { LifeCycle, made, type Part } from '../../src/daemon/life-cycle.js';

/** Parts that write down what becomes of them; some of them fail. */
function rig(fails: { readonly start?: string; readonly stop?: readonly string[] } = {}) {
  const told: string[] = [];
  const part = (name: string): Part => ({
    name,
    start: async () => {
      if (name === fails.start) throw new Error(`${name} does not start`);
      told.push(`${name} is up`);
    },
    stop: async () => {
      if (fails.stop?.includes(name)) throw new Error(`${name} does not stop`);
      told.push(`${name} is down`);
    },
    abandon: () => {
      if (fails.stop?.includes(name)) throw new Error(`${name} cannot be abandoned`);
      told.push(`${name} is abandoned`);
    },
  });
  return { told, life: new LifeCycle(['a', 'b', 'c'].map(part)) };
}

const UP = ['a is up', 'b is up', 'c is up'];
const DOWN = ['c is down', 'b is down', 'a is down'];

test('parts start in order and stop in the reverse one', async () => {
  const { told, life } = rig();
  await life.start();
  expect(told).toEqual(UP);
  await life.stop();
  expect(told).toEqual([...UP, ...DOWN]);
});

test('to stop a second time is nothing', async () => {
  const { told, life } = rig();
  await life.start();
  await Promise.all([life.stop(), life.stop()]);
  await life.stop();
  expect(told).toEqual([...UP, ...DOWN]);
});

test('what is stopped before it starts does not start', async () => {
  const { told, life } = rig();
  await life.stop();
  await life.start();
  expect(told).toEqual([]);
});

describe('a part that does not start', () => {
  test.each([
    ['a', []],
    ['b', ['a is up', 'a is down']],
    ['c', ['a is up', 'b is up', 'b is down', 'a is down']],
  ])('%s: those before it stop, in the reverse order', async (start, expected) => {
    const { told, life } = rig({ start });
    await expect(life.start()).rejects.toThrow(`${start} does not start`);
    expect(told).toEqual(expected);
    await life.stop();
    expect(told).toEqual(expected);
  });

  test('is told of together with one that then does not stop', async () => {
    const { told, life } = rig({ start: 'c', stop: ['b'] });
    await expect(life.start()).rejects.toMatchObject({
      errors: [new Error('c does not start'), new Error('b does not stop')],
    });
    expect(told).toEqual(['a is up', 'b is up', 'a is down']);
  });
});

test('parts that do not stop keep no other from it, and are told of', async () => {
  const { told, life } = rig({ stop: ['c', 'b'] });
  await life.start();
  await expect(life.stop()).rejects.toMatchObject({
    errors: [new Error('c does not stop'), new Error('b does not stop')],
  });
  expect(told).toEqual([...UP, 'a is down']);
});

test('what is stopped while it starts lets the part at hand finish, and starts no other', async () => {
  const { told, life } = rig();
  const starting = life.start();
  const stopping = life.stop();
  await starting;
  await stopping;
  expect(told).toEqual(['a is up', 'a is down']);
});

describe('what is abandoned', () => {
  test('is left, the last part first, and never stopped', async () => {
    const { told, life } = rig();
    await life.start();
    life.abandon();
    await life.stop();
    expect(told).toEqual([...UP, 'c is abandoned', 'b is abandoned', 'a is abandoned']);
  });

  test('is left whole though one part fails at it', async () => {
    const { told, life } = rig({ stop: ['b'] });
    await life.start();
    life.abandon();
    expect(told).toEqual([...UP, 'c is abandoned', 'a is abandoned']);
  });
});

test('a list that grows gets what each part was made into', async () => {
  const told: string[] = [];
  function* parts(): Generator<Part, void, void> {
    const four = yield* made({
      name: 'four',
      start: async () => 4,
      stop: (number) => void told.push(`stop ${number}`),
      abandon: (number) => void told.push(`abandon ${number}`),
    });
    yield* made({
      name: 'five',
      start: () => four + 1,
      stop: (number) => void told.push(`stop ${number}`),
    });
  }
  const stopped = new LifeCycle(parts());
  await stopped.start();
  await stopped.stop();
  const abandoned = new LifeCycle(parts());
  await abandoned.start();
  abandoned.abandon();
  expect(told).toEqual(['stop 5', 'stop 4', 'abandon 4']);
});
