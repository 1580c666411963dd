/**
 * docs/counters-and-tunables.md says of every counter and tunable what its record says; and the
 * defaults and ranges there are those that hold.
 */
import { describe, expect, test } from 'vitest';
import {
  KHUGEPAGED_COUNTERS,
  KHUGEPAGED_TUNABLE_NAMES,
  KHUGEPAGED_TUNABLES,
} from '../../src/khugepaged/tunables.js';
import {
  COUNTERS,
  type CounterRecord,
  GUEST_COUNTERS,
} from '../../src/ksm/records/counter-records.js';
import { hasSince, type KernelVersion } from '../../src/ksm/records/kernel-versions.js';
import { TUNABLE_NAMES, tunableRecord } from '../../src/ksm/records/tunable-records.js';
import { KERNELS } from '../../src/names.js';
import { BenchHost } from '../ksm/bench-host.js';
import { readDocument, tableUnder } from './markdown.js';

const DOCUMENT = readDocument('docs/counters-and-tunables.md');

function unquoted(cell: string): string {
  return cell.replaceAll('`', '');
}

function listed(anchor: string): string[][] {
  return tableUnder(DOCUMENT, anchor).map((row) => row.map(unquoted));
}

/** Of the kernels that are followed. */
function kernels(since: KernelVersion | 'ksmd'): string {
  if (since === 'ksmd') return 'ksmd';
  const first = KERNELS.find((kernel) => hasSince(kernel, since));
  return first === KERNELS[0] ? 'all' : `${first} on`;
}

function rows(counters: Readonly<Record<string, CounterRecord>>): string[][] {
  return Object.entries(counters).map(([name, { unit, help, since }]) => [
    name,
    kernels(since),
    unit,
    help,
  ]);
}

test('its counters are those of the records', () => {
  expect(listed('counters')).toEqual(rows(COUNTERS));
});

test('its counters of a guest are those of the records', () => {
  expect(listed('counters-of-a-guest')).toEqual(rows(GUEST_COUNTERS));
});

test('its tunables are those of the records', () => {
  expect(
    listed('tunables').map(([name, since, unit, , , help]) => [name, since, unit, help]),
  ).toEqual(
    TUNABLE_NAMES.map((name) => {
      const { since, unit, help } = tunableRecord(name);
      return [name, kernels(since), unit ?? '', help];
    }),
  );
});

test("khugepaged's are those of its records", () => {
  expect(listed('counters-of-khugepaged')).toEqual(
    Object.entries(KHUGEPAGED_COUNTERS).map(([name, { unit, help }]) => [name, unit, help]),
  );
  expect(listed('tunables-of-khugepaged')).toEqual(
    KHUGEPAGED_TUNABLE_NAMES.map((name) => {
      const { unit, initial, min, max, help } = KHUGEPAGED_TUNABLES[name];
      return [name, unit, String(initial), `${min} to ${max}`, help];
    }),
  );
});

describe.each(tableUnder(DOCUMENT, 'tunables'))(
  '%s',
  (cell, _kernels, _unit, initial, range = '') => {
    const name = unquoted(cell);
    const refusal = (value: number | string): string => {
      const bench = new BenchHost();
      try {
        bench.host.files.set(name, value);
        return 'taken';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };

    test('has the default that is said', () => {
      const bench = new BenchHost();
      bench.host.files.set('run', 0);
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
  },
);
