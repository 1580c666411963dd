/** On a narrow terminal the names of guests are the last to be cut, and in the middle. */
import { writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Column, fittedTable } from '../../../src/cli/terminal/fitted-table.js';
import { Progress } from '../../../src/cli/terminal/progress.js';
import { shortened } from '../../../src/cli/terminal/tables.js';
import { DaemonProcess } from '../../daemon-process.js';
import { Terminal } from '../../terminal.js';
import { until } from '../../until.js';

const GUESTS = ['customer-database-replica-eu-1', 'customer-database-replica-eu-2'];
const WIDTHS = [40, 60, 80, 200];

test('a name is shortened in the middle, to the width', () => {
  expect(shortened('customer-database-1', 12)).toBe('custo…base-1');
  expect(shortened('customer-database-1', 19)).toBe('customer-database-1');
});

test('of a host and its guest both are to be known, however little room there is', () => {
  const name = 'production-host-1/customer-database-1';
  expect(shortened(name, 36)).toBe('production-host-1/customer…atabase-1');
  expect(shortened(name, 23)).toBe('produ…ost-1/custo…ase-1');
  expect(shortened(name, 12)).toBe('pr…-1/cu…e-1');
  expect(shortened('h1/customer-database-1', 15)).toBe('h1/custo…base-1');
  expect(shortened('production-host-1/vm', 15)).toBe('produ…host-1/vm');
  expect(shortened('/usr/lib/libc.so.6', 12)).toBe('/usr/…c.so.6');
});

describe('a table', () => {
  type Row = readonly [guest: string, region: string, pages: number];
  const COLUMNS: readonly Column<Row>[] = [
    { head: 'GUEST', of: ([guest]) => guest, isName: true },
    { head: 'PAGES', of: ([, , pages]) => String(pages), goes: 2 },
    { head: 'REGION', of: ([, region]) => region, isName: true },
    { head: 'TIMES', of: ([, , pages]) => String(2 * pages), goes: 1 },
  ];
  const fitted = (columns: number): string | undefined =>
    fittedTable(COLUMNS, [['customer-database-replica-1', 'the-only-region-1', 1024]], columns)[1];

  test('shortens the longer names first, and two that are as long in turns', () => {
    expect(fitted(80)).toBe('customer-database-replica-1   1024  the-only-region-1   2048');
    expect(fitted(49)).toBe('custome…eplica-1   1024  the-only-region-1   2048');
    expect(fitted(43)).toBe('custom…lica-1   1024  the-on…egion-1   2048');
  });

  test('then leaves out columns in their turn, and cuts no figure', () => {
    expect(fitted(39)).toBe('custome…plica-1   1024  the-onl…egion-1');
    expect(fitted(30)).toBe('custom…plica-1  the-on…egion-1');
  });
});

describe('progress', () => {
  /** What is drawn of a half, on a terminal of so many columns. */
  function drawn(columns: number, label: string): string {
    let written = '';
    const write = (text: string | Uint8Array): boolean => {
      written += String(text);
      return true;
    };
    new Progress(label, 2 ** 30, { isTTY: true, columns, write }).add(2 ** 29);
    return stripVTControlCharacters(written).trim();
  }

  test.each(WIDTHS)('keeps to one line of %i columns, with both ends of the name', (columns) => {
    const line = drawn(columns, GUESTS[0] ?? '');
    expect(line.length).toBeLessThan(columns);
    expect(line).toMatch(/^custo.*-1 +/);
    expect(line).toMatch(/ {2}50\.0 % of 1 GiB$/);
  });

  test('has the bar where there is room', () => {
    expect(drawn(80, 'web')).toBe(`web  [${'#'.repeat(15)}${'.'.repeat(15)}]  50.0 % of 1 GiB`);
    expect(drawn(30, 'web')).toBe('web  [###..]  50.0 % of 1 GiB');
    expect(drawn(25, 'web')).toBe('web  50.0 % of 1 GiB');
  });
});

describe('on a terminal', () => {
  let daemon: DaemonProcess;
  let recording: string;
  let fleet: string;
  beforeAll(async () => {
    daemon = await DaemonProcess.start(['--run', '0']);
    for (const guest of GUESTS) {
      await daemon.client.createGuest(guest);
      await daemon.client.map(guest, 'memory', { pages: 16 });
    }
    await daemon.client.run({ workload: 'dirty', guest: GUESTS[0] ?? '', region: 'memory' });
    const image = daemon.directory.file('image');
    writeFileSync(image, Buffer.alloc(64 * 4096, 'equal'));
    recording = daemon.directory.file('recording');
    const key = daemon.directory.file('key');
    const sources = ['--image', image, '--duration', '0', '--output', recording, '--key', key];
    expect(await daemon.ksmd('capture', ...sources)).toMatchObject({ status: 0 });
    fleet = daemon.directory.file('fleet');
    const added = await daemon.ksmd('fleet', 'add', fleet, recording, '--sample', '1/1');
    expect(added).toMatchObject({ status: 0 });
  });
  afterAll(async () => {
    await daemon.stop();
  });

  const terminal = (columns: number, ...args: string[]): Terminal =>
    Terminal.ksmd(args, { columns, env: { KSMD_SOCKET: daemon.socketPath } });

  test.each(WIDTHS)('of %i columns top tells guests by their names', async (columns) => {
    const top = terminal(columns, 'top');
    await until('both guests', () =>
      ['1', '2'].every((end) => top.frame.some((line) => line.trimEnd().endsWith(`-${end}`))),
    );
    const rows = top.frame.filter((line) => /cust\S*-[12] *$/.test(line));
    expect(rows).toHaveLength(2);
    for (const line of top.frame) expect(line.length).toBeLessThanOrEqual(columns);
    expect(top.frame.find((line) => line.includes('GUEST'))).toContain('SAVED');
    top.type('q');
    await top.exited;
  });

  test.each([
    ['free'],
    ['vmstat'],
    ['recording', 'REC'],
    ['estimate', 'REC'],
    ['shared', 'REC'],
    ['shared', 'REC', '--matrix'],
    ['fleet', 'report', 'FLEET'],
    ['fleet', 'pairs', 'FLEET'],
    ['fleet', 'place', 'FLEET', '--memory', '1GiB'],
    ['predict', 'REC', '--for', '60'],
    ['plan', 'REC'],
  ])('no line of %s goes on in the next', async (...args) => {
    for (const columns of [40, 60]) {
      const words = args.map((word) => ({ REC: recording, FLEET: fleet })[word] ?? word);
      const shown = terminal(columns, ...words);
      expect(await shown.exited).toBe(0);
      const [, told = ''] = shown.plain.split(/before .*\r\n/);
      // Steps on the way are drawn over, and commands to paste are left whole.
      const lines = told
        .split('\r\n')
        .map((line) => line.split('\r').at(-1) ?? '')
        .filter((line) => !/^(after | {2}(echo|w|rm) )/.test(line));
      expect(lines.length).toBeGreaterThan(1);
      expect(lines.filter(({ length }) => length > columns)).toEqual([]);
    }
  });

  test.each(WIDTHS)('of %i columns guests and ps have both ends of each name', async (columns) => {
    const guests = terminal(columns, 'guests');
    await guests.exited;
    expect(guests.plain).toMatch(/^custo\S*-1 /m);
    expect(guests.plain).toMatch(/^custo\S*-2 /m);
    const ps = terminal(columns, 'ps');
    await ps.exited;
    expect(ps.plain).toMatch(/ custo\S*-1 /);
    const isWhole = columns === 200;
    expect(guests.plain.includes(GUESTS[0] ?? '')).toBe(isWhole);
    expect(ps.plain.includes(GUESTS[0] ?? '')).toBe(isWhole);
  });
});
