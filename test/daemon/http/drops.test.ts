import type { Logger } from 'pino';
import { expect, test } from 'vitest';
import { Drops } from '../../../src/daemon/http/drops.js';
import { ManualTimers } from '../manual-timers.js';

test('the first of a kind is told of at once, others once an interval and counted', () => {
  const told: unknown[] = [];
  const timers = new ManualTimers();
  const logger = { warn: (fields: object, what: string) => told.push({ ...fields, what }) };
  const drops = new Drops(logger as unknown as Logger, timers);
  for (let i = 0; i < 1000; i++) drops.tell('a body', { url: `/${i}` });
  drops.tell('an answer');
  expect(told.splice(0)).toEqual([{ url: '/0', what: 'a body' }, { what: 'an answer' }]);
  timers.tick();
  expect(told.splice(0)).toEqual([{ more: 999, what: 'a body' }]);
  drops.tell('a body');
  timers.tick();
  expect(told.splice(0)).toEqual([{ more: 1, what: 'a body' }]);
  timers.tick();
  expect(timers.ticks.size).toBe(0);
  drops.tell('a body', { url: '/1000' });
  expect(told).toEqual([{ url: '/1000', what: 'a body' }]);
});
