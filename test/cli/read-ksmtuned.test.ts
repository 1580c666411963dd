/** What a ksmtuned.conf may say, and how what it may not is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readKsmtuned } from '../../src/cli/read-ksmtuned.js';
import { KSMTUNED_DEFAULTS } from '../../src/predict/policy.js';

const folder = mkdtempSync(join(tmpdir(), 'ksmd-ksmtuned-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string): ReturnType<typeof readKsmtuned> {
  const path = join(folder, 'ksmtuned.conf');
  writeFileSync(path, text);
  return readKsmtuned(path);
}

test('as Debian ships it, nothing is set', async () => {
  const shipped = [
    '# Configuration file for ksmtuned.',
    '',
    '# How long ksmtuned should sleep between tuning adjustments',
    '# KSM_MONITOR_INTERVAL=60',
    '# uncomment the following if you want ksmtuned debug info',
    '# LOGFILE=/var/log/ksmtuned',
  ];
  expect(await read(shipped.join('\n'))).toEqual(KSMTUNED_DEFAULTS);
});

test('what is set counts, quoted and commented too; where it logs does not', async () => {
  const settings = await read(
    'KSM_THRES_COEF=30\nKSM_NPAGES_DECAY="-20"   # gently\nLOGFILE=/var/log/x\nDEBUG=1\n',
  );
  expect(settings).toEqual({ ...KSMTUNED_DEFAULTS, KSM_THRES_COEF: 30, KSM_NPAGES_DECAY: -20 });
});

test.each([
  ['KSM_THRES=30', /^line 1 of .* is no setting of ksmtuned's: 'KSM_THRES=30'$/],
  ['\nKSM_THRES_COEF=much', /^line 2 of /],
  ['KSM_THRES_COEF=$(id)', /^line 1 of /],
  ['toString=1', /^line 1 of /],
  ['KSM_NPAGES_MAX=10', /KSM_NPAGES_MAX is less than KSM_NPAGES_MIN/],
  ['KSM_MONITOR_INTERVAL=0', /KSM_MONITOR_INTERVAL is to be a second or more/],
])('%j is refused', async (text, message) => {
  await expect(read(text)).rejects.toMatchObject({ code: 'EINVAL' });
  await expect(read(text)).rejects.toThrow(message);
});

test('a file that is not there is none', async () => {
  await expect(readKsmtuned(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});
