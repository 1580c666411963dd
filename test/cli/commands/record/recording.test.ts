/** `ksmd recording` as people run it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PAGE_ZEROES } from '../../../../src/recording/format.js';
import { RecordingWriter } from '../../../../src/recording/recording-writer.js';
import { ksmd, TemporaryDirectory } from '../../../daemon-process.js';
import { end, GUEST, HEADER } from '../../../recording/small-recording.js';

let directory: TemporaryDirectory;
let recording: string;

beforeAll(() => {
  directory = new TemporaryDirectory();
  recording = directory.file('two.rec');
  const writer = RecordingWriter.create(recording, HEADER);
  for (const [guest, name] of [
    [1, 'web-1'],
    [2, 'db'],
  ] as const) {
    writer.write({ ...GUEST, guest, name, pid: guest });
    writer.write({ type: 'pages', guest, page: 1, pages: 5, state: PAGE_ZEROES });
  }
  for (const startMs of [0, 10_000, 500_000]) writer.endSweep(end(startMs));
  writer.close();
});
afterAll(() => directory.remove());

test('one mistyped guest among others is not left out unseen', async () => {
  const output = directory.file('part.rec');
  const wanted = ['--guest', 'db', '--guest', 'web-2', '--output', output];
  const { status, stderr } = await ksmd(['recording', recording, ...wanted]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/has no guest \S*web-2\S* in that time \(Did you mean web-1\?\)\n$/);
  expect(existsSync(output)).toBe(false);
});

test('a file that is cut off fails, and what can be read of it is said', async () => {
  const path = directory.file('cut.rec');
  writeFileSync(path, readFileSync(recording).subarray(0, -3));
  const { status, stdout } = await ksmd(['recording', path]);
  expect(stdout).toContain('2 sweeps in');
  expect(stdout).toContain('not whole: ');
  expect(status).toBe(1);
  expect((await ksmd(['recording', path, '--json'])).status).toBe(1);
  expect((await ksmd(['recording', recording])).status).toBe(0);
});

test('a part is told to begin when it does, and a gap in the whole is told', async () => {
  const output = directory.file('later.rec');
  expect((await ksmd(['recording', recording, '--from', '5s', '--output', output])).status).toBe(0);
  const { stdout } = await ksmd(['recording', output]);
  const begin = new Date(HEADER.startedAtMs + 10_000).toISOString();
  expect(stdout).toContain(`from ${begin}: 2 sweeps`);
  expect(stdout).toMatch(/a gap: after 5\.0 ms nobody looked for 8 min\n/);
});
