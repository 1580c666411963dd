/** Which buffers are given back: those that nobody else can have part of. */
import { expect, test } from 'vitest';
import { giveBack } from '../../../src/daemon/http/give-back.js';

test('a large buffer of its own is gone at once', () => {
  const buffer = Buffer.allocUnsafeSlow(64 * 1024);
  giveBack(buffer);
  expect(buffer.length).toBe(0);
  expect(buffer.buffer.byteLength).toBe(0);
});

test('part of a buffer, and what may be of a pool, stay as they are', () => {
  const whole = Buffer.alloc(128 * 1024, 1);
  giveBack(whole.subarray(0, 64 * 1024));
  const small = Buffer.from('of the pool');
  giveBack(small);
  expect(whole.every((byte) => byte === 1)).toBe(true);
  expect(small.toString()).toBe('of the pool');
});

test('memory that threads share is not taken from them', () => {
  const shared = Buffer.from(new SharedArrayBuffer(64 * 1024));
  giveBack(shared);
  expect(shared.length).toBe(64 * 1024);
});
