/**
 * stress, chaos, soak, fuzz-api, fuzz-files and fuzz-images, short: no byte wrong, whatever dies,
 * and no request and no file that harms.
 */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { needs } from '../daemon/sysfs/carriers.js';
import { run } from '../daemon-process.js';

async function tool(name: string, ...options: string[]): Promise<string> {
  const program = fileURLToPath(new URL(`../../tools/${name}.ts`, import.meta.url));
  const { status, stdout, stderr } = await run(process.execPath, [
    '--import',
    'tsx',
    program,
    ...options,
  ]);
  expect(status, `${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

test('guests that write while the scanner merges never read a wrong byte', async () => {
  const printed = await tool('stress', '--seconds', '3', '--seed', '1');
  expect(printed).toMatch(/ 0 wrong, /);
  expect(printed).toContain('check: all agrees');
});

test('nor when the scanner, guest threads and clients die beside them', async () => {
  // How soon merging resumes is for the tool to say: here other tests use the processors too.
  const printed = await tool(
    'chaos',
    '--scanner-kills',
    '8',
    '--guest-kills',
    '3',
    '--client-cuts',
    '6',
    '--seed',
    '2',
    '--resume-within-ms',
    '60000',
  );
  expect(printed).toMatch(/ 0 wrong; /);
  expect(printed).toContain('check: all agrees');
});

test('nor when everything happens at once', async () => {
  const printed = await tool('soak', '--minutes', '2', '--seconds-a-minute', '2', '--seed', '5');
  expect(printed.match(/ 0 wrong$/gm)?.length).toBe(2);
  expect(printed).toContain('nothing is wrong, and nothing grew');
});

test('requests that make no sense are refused, each with an answer, and leave nothing behind', async () => {
  await tool('fuzz-api', '--requests', '1000', '--seed', '3');
});

test('snapshots and scenarios that somebody has changed are refused in a sentence, or make a sound host', async () => {
  const printed = await tool('fuzz-files', '--count', '150', '--seed', '4');
  expect(printed).toMatch(/^snapshot: .*EINVAL \d+.*, taken \d+;/m);
  expect(printed).toMatch(/^scenario: .*EINVAL \d+.*, taken \d+;/m);
});

test('images that somebody has changed are refused in a sentence, or keep to what sources promise', async () => {
  const printed = await tool('fuzz-images', '--count', '40', '--seed', '6');
  for (const format of ['elf', 'kdump', 'flattened', 'lime', 'avml', 'migration', 'lz4'])
    expect(printed).toMatch(new RegExp(`^${format}: .*refused \\d+;`, 'm'));
});

test('scripts lose nothing on a mount of the kernel’s files, and read nothing old', async (context) => {
  await needs(context, 'mount');
  const printed = await tool(
    'files',
    ...['--rounds', '8', '--picture-rounds', '2', '--seconds', '1'],
  );
  expect(printed).toMatch(/^mount: of 8 unmerges 0 lost, 0 read old; 0 times .*; 8 of 8 /m);
  expect(printed).toMatch(/^picture: of 2 unmerges \d lost, .*; 0 of 2 refusals/m);
  expect(printed).not.toMatch(/, [1-9]\d* failed/);
});

test('guests of a host larger than its daemon come to the known counters, and are looked at', async () => {
  const printed = await tool(
    'big-host',
    '--memory',
    '64MiB',
    '--gibibytes',
    '0.5',
    '--guests',
    '8',
  );
  expect(printed).toContain('8 guests of 64 MiB: 131,072 pages (512 MiB)');
  for (const [name, pages] of [
    ['pages_shared', 2048],
    ['pages_sharing', 2048 * 7],
    ['pages_unshared', 131_072 - 2048 * 8],
    ['pages_volatile', 0],
  ])
    expect(printed).toContain(`  ${name} ${pages}, as is known ${pages}\n`);
  for (const looked of ['explain', 'report', 'check', 'snapshot'])
    expect(printed).toMatch(new RegExp(`^${looked} +[0-9.]+ `, 'm'));
});
