/** A name that is refused brings the one that was meant, wherever it is refused. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { didYouMean } from '../src/similar.js';
import { DaemonProcess, ksmd } from './daemon-process.js';

describe('the names that were probably meant', () => {
  test.each([
    ['pages_to_scn', ' (Did you mean pages_to_scan?)'],
    ['page_to_scann', ' (Did you mean pages_to_scan?)'],
    ['snart_sacn', ' (Did you mean smart_scan?)'],
    ['rnu', ' (Did you mean run?)'],
    ['pages_to_scan1', ' (Did you mean pages_to_scan?)'],
    ['pages_sha', ' (Did you mean pages_shared?)'],
    ['max_ptes_n', ' (Did you mean one of max_ptes_a, max_ptes_b?)'],
    ['nonsense', ''],
    ['', ''],
    ['pages_to_scan_and_more', ''],
  ])('%j', (word, told) => {
    const names = [
      'run',
      'pages_to_scan',
      'smart_scan',
      'pages_shared',
      'max_ptes_a',
      'max_ptes_b',
    ];
    expect(didYouMean(word, names)).toBe(told);
  });

  test('of many that are as like it, some', () => {
    const machines = Array.from({ length: 9 }, (_, n) => `machine-${n}`);
    expect(didYouMean('machine', machines)).toBe(
      ' (Did you mean one of machine-0, machine-1, machine-2, machine-3, machine-4, …?)',
    );
  });
});

describe('a command line that is refused tells', () => {
  let daemon: DaemonProcess;
  beforeAll(async () => {
    daemon = await DaemonProcess.start(['--run', '0']);
    await daemon.client.createGuest('web-front');
    await daemon.client.map('web-front', 'memory', { pages: 1 });
  });
  afterAll(async () => {
    await daemon.stop();
  });

  test.each([
    'guests web-frnot',
    'guests web_front',
    'read web-frnot 0x1000 1',
    'unregister web-fron',
    'fork web-frot child',
    'exec webfront',
    'prctl web-frontt --merge on',
    'explain web-frnt 0x1000',
    'madvise web-frnt unmergeable --region memory',
  ])('of a guest that is not there which was meant, and nothing besides: %s', async (line) => {
    const [, guest] = /(web\S+)/.exec(line) ?? [];
    expect(await daemon.ksmd(...line.split(' '))).toEqual({
      status: 1,
      stdout: '',
      stderr: `ksmd: ENOENT: no guest '${guest}' (Did you mean web-front?)\n`,
    });
  });

  test('of a guest that is not in a recording which was meant', async () => {
    const file = (name: string): string => daemon.directory.file(name);
    writeFileSync(file('web-1'), Buffer.alloc(4096, 1));
    const capture = ['capture', '--image', file('web-1'), '--duration', '0'];
    await daemon.ksmd(...capture, '--output', file('rec'), '--key', file('key'));
    const cut = ['recording', file('rec'), '--output', file('part'), '--guest'];
    expect((await daemon.ksmd(...cut, 'wbe-1')).stderr).toMatch(
      / has no guest \S+ in that time \(Did you mean web-1\?\)\n$/,
    );
  });

  test('of a region that is not there which was meant', async () => {
    expect(
      (await daemon.ksmd('madvise', 'web-front', 'unmergeable', '--region', 'memry')).stderr,
    ).toBe("ksmd: ENOENT: guest 'web-front' has no region 'memry' (Did you mean memory?)\n");
  });

  test.each([
    [1, 'get pages_sharig', 'pages_sharing'],
    [1, 'get khugepaged/max_ptes_nome', 'khugepaged/max_ptes_none'],
    [1, 'set pages_to_scn=5', 'pages_to_scan'],
    [1, 'set khugepaged/max_ptes_nome=5', 'max_ptes_none'],
    [2, 'start --set smart_scna=0', 'smart_scan'],
    [2, 'madvise web unmergable --region memory', 'unmergeable'],
    [2, 'run prefrok --guest web', 'prefork'],
    [2, 'logs --level wran', 'warn'],
    [2, 'predict host.rec --policy ksmtund', 'ksmtuned'],
    [2, 'stauts', 'status'],
    [2, 'status --jsno', '--json'],
  ])('with status %i what was meant by: %s', async (status, line, meant) => {
    const outcome = await daemon.ksmd(...line.split(' '));
    expect(outcome).toMatchObject({ status, stdout: '' });
    expect(outcome.stderr).toContain(`(Did you mean ${meant}?)`);
  });

  test('nothing where nothing is like it', async () => {
    expect((await ksmd(['run', 'nonsense', '--guest', 'web'])).stderr).not.toContain('Did you');
  });
});
