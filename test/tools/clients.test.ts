/**
 * Clients that other people's programs make of the OpenAPI document: made anew, compiled, and at
 * work on a daemon, over its socket and over TCP. What makes them comes from npm's registry and
 * from PyPI.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClientFolder, type Language, PYTHON, TYPESCRIPT } from '../../tools/clients/generated.js';
import { freePort } from '../../tools/load/free-port.js';
import { DaemonProcess } from '../daemon-process.js';

/** npm run clients */
const EVERY = process.env.KSMD_EVERY_CLIENT === '1';

let folder: ClientFolder;
beforeEach(() => {
  folder = new ClientFolder();
});
afterEach(() => folder.remove());

test.for<readonly [name: string, language: Language, asksMuch: boolean]>([
  ['TypeScript', TYPESCRIPT, false],
  ['Python', PYTHON, true],
])('one in %s uploads, scans, reads and hears events', async ([, language, asksMuch], { skip }) => {
  if (asksMuch && !EVERY) skip('it takes packages from PyPI: npm run clients makes it too');
  try {
    await language.install(folder);
  } catch (error) {
    if (EVERY) throw error;
    skip(`what makes it cannot be had: ${String(error).split('\n', 2).join(' ')}`);
  }
  await language.make(folder);

  const tcp = `127.0.0.1:${await freePort()}`;
  const daemon = await DaemonProcess.start(['--run', '0', '--http', tcp]);
  const printed = await language.run(folder, daemon.socketPath, `http://${tcp}`);
  expect(await daemon.stop()).toBe(0);
  expect(printed.trim().split('\n')).toEqual([
    'alice 4096 7 7',
    'bob 4096 7 7',
    'pages_sharing 1',
    'full_scan 2 1',
    'over TCP alice bob',
    'EACCES',
  ]);
});
