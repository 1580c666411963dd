/** How predictions are held against kernels; whole, with the running one, only when asked to. */
import { expect, test } from 'vitest';
import { type Curve, figuresOf, heldAgainst } from '../../tools/accuracy/curves.js';
import { run } from '../daemon-process.js';

/** So many pages come to share, one a tenth of a second, at a constant price. */
function curve(pages: number, cpuShare: number): Curve {
  return Array.from({ length: 201 }, (_, at) => ({
    seconds: at / 10,
    shared: Math.min(at, pages),
    sharing: Math.min(at, pages),
    visits: at * 1000,
    skips: 0,
    unshared: pages,
    hugePages: 0,
    cpuSeconds: (at / 10) * cpuShare,
  }));
}

test('ends, times and costs are told from a curve', () => {
  const figures = Object.fromEntries(figuresOf(curve(100, 0.2)).map((each) => [each.name, each]));
  expect(figures['pages_sharing at the end']?.value).toBe(100);
  expect(figures['seconds to 50 % of it']?.value).toBe(5);
  expect(figures['processor seconds until then']?.value).toBeCloseTo(1.8);
  expect(figures['of a processor, at rest']?.value).toBeCloseTo(0.2);
});

test('what lies between runs of the kernel is right, and what is too far from all is not', () => {
  const runs = [figuresOf(curve(90, 0.2)), figuresOf(curve(110, 0.22))];
  const verdicts = (of: Curve): boolean[] =>
    heldAgainst(figuresOf(of), runs).map(({ isRight }) => isRight);
  expect(verdicts(curve(100, 0.21)).every(Boolean)).toBe(true);
  expect(verdicts(curve(112, 0.22)).every(Boolean)).toBe(true);
  const tooMany = figuresOf(curve(130, 0.21)).map(({ name }) => name);
  expect(tooMany.filter((_name, at) => verdicts(curve(130, 0.21))[at] !== true)).toEqual([
    'pages_shared at the end',
    'pages_sharing at the end',
    'seconds to 50 % of it',
    'seconds to 90 % of it',
    'visits until then',
    'processor seconds until then',
  ]);
  expect(verdicts(curve(100, 0.3)).slice(-2)).toEqual([false, false]);
});

test.runIf(process.env.KSMD_RUNNING_KERNEL === '1')(
  'the running kernel does with live programs what was predicted',
  async () => {
    const tool = new URL('../../tools/accuracy.ts', import.meta.url).pathname;
    const { status, stdout, stderr } = await run(process.execPath, [
      ...['--import', 'tsx', tool, '--writes', '0', '--settings', '1000/1', '--runs', '1'],
      ...['--captured', '9', '--seconds', '30'],
    ]);
    expect(status, `${stdout}\n${stderr}`).toBe(0);
  },
  300_000,
);
