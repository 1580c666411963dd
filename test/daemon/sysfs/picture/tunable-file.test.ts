/** Files of tunables: what is written to them while an older write is still being taken. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KernelFile } from '../../../../src/daemon/sysfs/picture/kernel-file.js';
import { TunableFile } from '../../../../src/daemon/sysfs/picture/tunable-file.js';
import { until } from '../../../until.js';

let directory: string;
let taken: string[];
let finish: (() => void)[];
let files: TunableFile[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ksmd-tunable-file-'));
  taken = [];
  finish = [];
  files = [];
});

afterEach(() => {
  for (const file of files) file.close();
  rmSync(directory, { recursive: true });
});

/** A file that shows `value`, and whose writes are done when the test says so. */
function tunable(name: string, value: string): { readonly path: string; held(): string } {
  let held = value;
  const path = join(directory, name);
  files.push(
    new TunableFile(KernelFile.open(path, 0o644, held), {
      text: () => held,
      write: (text) => {
        taken.push(`${name}=${text.trim()}`);
        return new Promise((resolve) => {
          finish.push(() => {
            held = text;
            resolve();
          });
        });
      },
      failed: (error) => {
        throw error;
      },
    }),
  );
  return { path, held: () => held };
}

const isTaken = (write: string) => until(`${write} is taken`, async () => taken.includes(write));

test('a second write to a file comes before a later one to another, though the first is not done', async () => {
  const mode = tunable('mode', 'none\n');
  const pages = tunable('pages', '100\n');
  writeFileSync(mode.path, 'scan-time\n');
  await isTaken('mode=scan-time');
  writeFileSync(mode.path, 'off\n');
  writeFileSync(pages.path, '77\n');
  await isTaken('pages=77');
  expect(taken).toEqual(['mode=scan-time', 'mode=off', 'pages=77']);
});

test('a write of what the file showed before is taken too, while another is not done', async () => {
  const run = tunable('run', '1\n');
  writeFileSync(run.path, '2\n');
  await isTaken('run=2');
  writeFileSync(run.path, '1\n');
  await isTaken('run=1');
  for (const done of finish) done();
  await until('the last one holds', async () => run.held() === '1\n');
  expect(taken).toEqual(['run=2', 'run=1']);
});
