/** A snapshot file that was cut or changed anywhere is refused before anything is made of it. */
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { BenchHost } from '../ksm/bench-host.js';
import { Directory, snapshotOf } from './files.js';

const directory = new Directory();
afterAll(() => directory.remove());

const bench = new BenchHost();
bench.guest('a', [1, 1, 2, 3]);
bench.guest('b', [1, 4]);
bench.fullScans(3);
bench.host.fork('a', 'c');
const file = snapshotOf(bench.host);
const position = fc.nat({ max: file.length - 1 });

function open(bytes: Uint8Array): void {
  directory.open(bytes, () => undefined);
}

test('whole, it is taken', () => {
  expect(() => open(file)).not.toThrow();
});

test('cut anywhere', () => {
  for (let length = 0; length < file.length; length++)
    expect(() => open(file.subarray(0, length)), `${length} bytes`).toThrow(
      expect.objectContaining({ code: 'EINVAL' }),
    );
});

test('any byte changed', () => {
  for (let at = 0; at < file.length; at++) {
    const damaged = file.slice();
    damaged[at] ^= 1 << (at % 8);
    expect(() => open(damaged), `byte ${at}`).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  }
});

test('several bytes changed, pieces moved, something added', () => {
  const change = fc.array(fc.tuple(position, fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(
      change,
      position,
      position,
      fc.uint8Array({ maxLength: 20 }),
      (changes, from, to, added) => {
        const damaged = Buffer.concat([file, added]);
        damaged.copyWithin(to, from, Math.min(from + 32, file.length));
        for (const [at, mask] of changes) damaged[at] ^= mask;
        fc.pre(Buffer.compare(damaged, file) !== 0);
        expect(() => open(damaged)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
      },
    ),
    { numRuns: 500 },
  );
});

describe('it says what is wrong', () => {
  test.each<[what: string, bytes: () => Uint8Array, message: RegExp]>([
    [
      'another file',
      () => Buffer.from('#!/bin/sh\necho no snapshot\n'),
      /^it is no snapshot of ksmd$/,
    ],
    ['an empty file', () => new Uint8Array(), /^it is cut short$/],
    ['its end missing', () => file.subarray(0, file.length - 1), /^it is cut short$/],
    [
      'a frame damaged',
      () => file.map((byte, at) => (at === file.length - 20 ? byte ^ 1 : byte)),
      /^its checksum is wrong: it is damaged$/,
    ],
    [
      'more behind it',
      () => Buffer.concat([file, Uint8Array.of(0)]),
      /^it goes on after its end: it is damaged$/,
    ],
  ])('%s', (_what, bytes, message) => {
    expect(() => open(bytes())).toThrow(message);
  });
});
