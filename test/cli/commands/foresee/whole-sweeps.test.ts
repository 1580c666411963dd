/** Of a recording that is cut or damaged, what is told is of its whole sweeps, and that is said. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { RecordingWriter } from '../../../../src/recording/recording-writer.js';
import { ksmd, TemporaryDirectory } from '../../../daemon-process.js';
import { end, GUEST, HEADER } from '../../../recording/small-recording.js';

const folder = new TemporaryDirectory();
afterAll(() => folder.remove());

/** Of two sweeps. */
function recording(path: string): void {
  const writer = RecordingWriter.create(path, HEADER);
  const where = { guest: 1, page: 0, pages: 8 };
  writer.write({ ...GUEST, guest: 1 });
  writer.write({ type: 'mapping', ...where, flags: 0, node: 0, label: '' });
  writer.write({ type: 'pages', ...where, state: 1 });
  for (const startMs of [0, 10_000]) writer.endSweep(end(startMs));
  writer.close();
}

test.each([['estimate'], ['shared']])('%s', async (verb) => {
  const path = folder.file(`${verb}.rec`);
  recording(path);
  const whole = readFileSync(path);
  expect(await ksmd([verb, path])).toMatchObject({ status: 0, stderr: '' });
  writeFileSync(path, whole.subarray(0, -3));
  const cut = await ksmd([verb, path]);
  expect(cut.status).toBe(0);
  expect(cut.stderr).toMatch(
    /^ksmd: '.*' is not whole: it breaks off at byte \d+ of \d+; what comes after 1 sweep is left out\n$/,
  );
  // In the first block after the header.
  const header = 8 + 10 + whole.readUInt32LE(10) - 4;
  const damaged = Buffer.from(whole);
  damaged.writeUInt8(damaged.readUInt8(header + 8) ^ 0xff, header + 8);
  writeFileSync(path, damaged);
  const { status, stderr } = await ksmd([verb, path]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^ksmd: ENODATA: '.*' has no whole sweep: it is damaged at byte \d+\n$/);
});
