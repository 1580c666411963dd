import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { Log } from '../../../src/daemon/log/log.js';
import { TemporaryDirectory } from '../../daemon-process.js';
import { ManualTimers } from '../manual-timers.js';

const directory = new TemporaryDirectory();
afterAll(() => directory.remove());

test('a line of the log commands no terminal, whatever it tells of, and tells it all the same', () => {
  const path = directory.file('log');
  const log = new Log('info', new ManualTimers(), path);
  const fields = { guest: '\x1b[7m\x9b2J', reason: 'a\nb\u202ec\u2028\x7f' };
  log.logger.info(fields, `of '\x9d0;owned\x9c'`);
  const [line, ...more] = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(more).toEqual([]);
  expect(line).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(line ?? '')).toMatchObject({ ...fields, msg: `of '\x9d0;owned\x9c'` });
  expect(log.last(1)).toEqual([`${line}\n`]);
});
