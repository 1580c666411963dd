/**
 * docs/counters-and-tunables.md has every name that a profile has, with the defaults and the range
 * that hold.
 */
import { describe, expect, test } from 'vitest';
import { KERNEL_PROFILES, type KernelProfile } from '../../src/ksm/kernels.js';
import { tunableNames } from '../../src/ksm/tunables.js';
import { BenchHost } from '../ksm/bench-host.js';
import { readDocument, tableUnder } from './markdown.js';

const DOCUMENT = readDocument('docs/counters-and-tunables.md');
const NAMES = KERNEL_PROFILES.map(({ name }) => name);

/** Names in a table's first column, of the rows whose second column includes the kernel. */
function namesOf(anchor: string, kernel: KernelProfile['name']): string[] {
  return tableUnder(DOCUMENT, anchor)
    .filter(([, kernels = '']) => includes(kernels, kernel))
    .map(([name = '']) => unquoted(name));
}

function includes(kernels: string, kernel: KernelProfile['name']): boolean {
  if (kernels === 'all' || kernels === 'ksmd') return true;
  const first = NAMES.findIndex((name) => kernels === `${name} on`);
  if (first === -1) throw new Error(`'${kernels}' names no kernels`);
  return NAMES.indexOf(kernel) >= first;
}

function unquoted(cell: string): string {
  return cell.replaceAll('`', '');
}

describe.each(KERNEL_PROFILES)('as Linux $name has them', (profile) => {
  test('counters', () => {
    expect(namesOf('counters', profile.name)).toEqual(profile.counters);
  });

  test('counters of a guest', () => {
    expect(namesOf('counters-of-a-guest', profile.name).sort()).toEqual(
      [...profile.guestCounters].sort(),
    );
  });

  test('tunables', () => {
    expect(namesOf('tunables', profile.name)).toEqual(tunableNames(profile));
  });
});

describe.each(tableUnder(DOCUMENT, 'tunables'))('%s', (cell, _kernels, initial, range = '') => {
  const name = unquoted(cell);
  const refusal = (value: number | string): string => {
    const bench = new BenchHost();
    try {
      bench.host.set(name, value);
      return 'taken';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  test('has the default that is said', () => {
    const bench = new BenchHost();
    bench.host.set('run', 0);
    expect(String(bench.tunable(name))).toBe(initial);
  });

  test('takes what is said, and nothing else', () => {
    const [, min, max] = /^(\d+) to (\d+)$/.exec(range) ?? [];
    const names = range.split(' or ');
    const taken = min === undefined ? names : [Number(min), Number(max)];
    const refused =
      min === undefined ? ['something', names.length] : [Number(min) - 1, Number(max) + 1];
    expect(taken.map(refusal)).toEqual(['taken', 'taken']);
    expect(refused.map(refusal)).toEqual(['EINVAL', 'EINVAL']);
  });
});
