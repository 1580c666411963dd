/** Names on the map that are too long for their places. */
import { expect, test } from 'vitest';
import { shortened } from '../../../src/web/map/map-labels.js';

test('a name is shortened in the middle, and no more than it must be', () => {
  const within = (most: number) => (part: string) => part.length <= most;
  expect(shortened('web-frontend-0001', within(17))).toBe('web-frontend-0001');
  expect(shortened('web-frontend-0001', within(12))).toBe('web-fr…-0001');
  expect(shortened('web-frontend-0001', within(3))).toBe('w…1');
  expect(shortened('web-frontend-0001', within(0))).toBe('w…');
});
