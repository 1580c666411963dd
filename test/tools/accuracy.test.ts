/** How predictions are held against kernels; whole, with the running one, only when asked to. */
import { expect, onTestFinished, test } from 'vitest';
import { PROGRAM_NAMES, type ProgramName } from '../../tools/accuracy/commands.js';
import { figuresOf, heldAgainst, type Run } from '../../tools/accuracy/curves.js';
import { GROUP_NAMES, nameOf, trialsOf } from '../../tools/accuracy/groups.js';
import { plotOf } from '../../tools/accuracy/plot.js';
import { linesOf, markdownTable } from '../../tools/accuracy/tables.js';
import { run, TemporaryDirectory } from '../daemon-process.js';

const END_SHARE = 0.05;

/** So many pages come to share, one a tenth of a second, at a constant price. */
function made(pages: number, cpuShare: number, freedFrames = pages): Run {
  const curve = Array.from({ length: 201 }, (_, at) => ({
    seconds: at / 10,
    shared: Math.min(at, pages),
    sharing: Math.min(at, pages),
    visits: at * 1000,
    skips: 0,
    unshared: pages,
    hugePages: 0,
    cpuSeconds: (at / 10) * cpuShare,
  }));
  return { curve, freedFrames };
}

/** Names of figures that are too far off. */
function tooFar(prediction: Run, runs: readonly Run[], endShare = END_SHARE): string[] {
  return heldOf(prediction, runs, endShare)
    .filter(({ isRight }) => !isRight)
    .map(({ name }) => name);
}

function heldOf(prediction: Run, runs: readonly Run[], endShare = END_SHARE) {
  return heldAgainst(
    figuresOf(prediction, endShare),
    runs.map((each) => figuresOf(each, endShare)),
  );
}

test('ends, times and costs are told from a curve', () => {
  const all = figuresOf(made(100, 0.2, 80), END_SHARE);
  const figures = Object.fromEntries(all.map((each) => [each.name, each]));
  expect(figures['pages_sharing at the end']?.value).toBe(100);
  expect(figures['frames freed at the end']?.value).toBe(80);
  expect(figures['seconds to 50 % of it']?.value).toBe(5);
  expect(figures['processor seconds until then']?.value).toBeCloseTo(1.8);
  expect(figures['of a processor, at rest']?.value).toBeCloseTo(0.2);
});

test('what lies between runs of the kernel is right, and what is too far from all is not', () => {
  const runs = [made(90, 0.2), made(110, 0.22)];
  expect(tooFar(made(100, 0.21), runs)).toEqual([]);
  expect(tooFar(made(112, 0.22), runs)).toEqual([]);
  expect(tooFar(made(130, 0.21), runs)).toEqual([
    'pages_shared at the end',
    'pages_sharing at the end',
    'frames freed at the end',
    'seconds to 50 % of it',
    'seconds to 90 % of it',
    'visits until then',
    'processor seconds until then',
  ]);
  expect(tooFar(made(100, 0.3), runs)).toEqual([
    'processor seconds until then',
    'of a processor, at rest',
  ]);
});

test('what is merged in the end is to be nearer where programs are quiet', () => {
  const runs = [made(100, 0.2)];
  const ends = ['pages_shared', 'pages_sharing', 'frames freed'].map(
    (name) => `${name} at the end`,
  );
  expect(tooFar(made(102, 0.2), runs, 0.05)).toEqual([]);
  expect(tooFar(made(102, 0.2), runs, 0.01)).toEqual(ends);
});

test("how far the kernel's own runs are apart stands beside how far a prediction is off", () => {
  const held = heldOf(made(130, 0.2), [made(100, 0.2), made(110, 0.2), made(105, 0.2)]);
  const sharing = held.find(({ name }) => name === 'pages_sharing at the end');
  expect(sharing?.spread).toBeCloseTo(0.1);
  expect(sharing?.off).toBeCloseTo(0.2);
  expect(linesOf(held)[1]).toMatch(/predicted +130.00 +kernel +100.00 +110.00 +105.00 +spread/);
  expect(linesOf(held)[1]).toMatch(/spread +10 % +off by 20 % {2}TOO FAR$/);
  const table = markdownTable([{ name: 'quiet, made up', held }]).split('\n');
  expect(table[0]).toBe('| | predicted | kernel, 3 runs | spread | off |');
  expect(table[2]).toBe('| **quiet, made up** | | | | |');
  expect(table).toContain('| pages_sharing | 130 | 100 – 110 | 10 % | **20** % |');
  expect(table).toContain('| at rest, of a processor | 20.0 % | 20.0 % | 0.0 % | 0.0 % |');
});

test('each group is tried with each setting, of programs that are there', () => {
  const asked = { groups: GROUP_NAMES, writes: 2000, settings: ['500/1', '2000/0'] };
  const isThere = (name: ProgramName): boolean => name !== 'machine' && name !== 'nginx';
  const trials = trialsOf(asked, isThere);
  expect(trials.map(nameOf)).toEqual([
    'quiet, 500 pages, smart scan',
    'quiet, 2,000 pages, no smart scan',
    'busy, 500 pages, smart scan',
    'busy, 2,000 pages, no smart scan',
  ]);
  expect(trials.map(({ writes }) => writes)).toEqual([0, 0, 2000, 2000]);
  expect(trials.flatMap(({ programs }) => programs)).not.toContain('nginx');
  expect(new Set(trialsOf(asked, () => true).flatMap(({ programs }) => programs))).toEqual(
    new Set(PROGRAM_NAMES),
  );
  const redis = trialsOf({ ...asked, programs: ['redis'] }, isThere);
  expect(redis.map(nameOf)).toEqual(trials.slice(2).map(nameOf));
});

test('a program that no group has and a setting that is none are refused, and named', () => {
  const asked = { groups: ['quiet'] as const, writes: 0, settings: ['500/1'] };
  const isThere = (): boolean => true;
  expect(() => trialsOf({ ...asked, programs: ['redis'] }, isThere)).toThrow(
    "no group of quiet has 'redis'",
  );
  expect(() => trialsOf({ ...asked, settings: ['500'] }, isThere)).toThrow(
    "'500' is no setting: say 1000/1",
  );
});

test('a picture has a panel a setting, with what was predicted and each run of the kernel', async () => {
  const panel = (name: string) => ({
    name,
    predicted: made(100, 0.2).curve,
    kernel: [90, 100, 110].map((pages) => made(pages, 0.2).curve),
  });
  const svg = await plotOf([panel('quiet, made up'), panel('busy, made up')], 'made-up curves');
  for (const text of ['made-up curves', 'quiet, made up', 'busy, made up', 'predicted', 'kernel'])
    expect(svg).toContain(`>${text}</text>`);
  expect(svg.match(/aria-roledescription="line mark"/g)).toHaveLength(2 * 4);
});

test.runIf(process.env.KSMD_RUNNING_KERNEL === '1')(
  'the running kernel does with live programs what was predicted',
  async () => {
    const tool = new URL('../../tools/accuracy.ts', import.meta.url).pathname;
    const output = new TemporaryDirectory();
    onTestFinished(() => output.remove());
    const { status, stdout, stderr } = await run(process.execPath, [
      ...['--import', 'tsx', tool, '--groups', 'quiet', '--programs', 'node', 'python', 'java'],
      ...['--settings', '1000/1', '--runs', '1', '--captured', '9', '--seconds', '30'],
      ...['--output', output.path],
    ]);
    expect(status, `${stdout}\n${stderr}`).toBe(0);
  },
  300_000,
);
