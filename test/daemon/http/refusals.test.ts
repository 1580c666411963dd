/** Every errno that the API answers has its HTTP status; any other is a fault of ksmd's. */
import { expect, test } from 'vitest';
import { refusalOf } from '../../../src/daemon/http/refusals.js';
import { type Errno, KsmdError } from '../../../src/errors.js';
import { HTTP_STATUS } from '../../../src/protocol/errors.js';

test.each(Object.entries(HTTP_STATUS))('%s is answered with %d', (code, httpStatus) => {
  expect(refusalOf(new KsmdError(code as Errno, 'because'))).toEqual({
    httpStatus,
    answer: { error: { code, message: 'because' } },
  });
});

test('what a host of fingerprints cannot do is no fault', () => {
  expect(refusalOf(new KsmdError('ENOTSUP', 'no bytes')).httpStatus).toBe(501);
});

test('an errno that no route is refused with is a fault', () => {
  expect(refusalOf(new KsmdError('EXDEV', 'odd'))).toMatchObject({
    httpStatus: 500,
    answer: { error: { code: 'EIO', message: 'a fault in ksmd: odd' } },
  });
});
