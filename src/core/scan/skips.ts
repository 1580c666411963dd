/**
 * Smart scan's rule: how often a page of some age is visited. For the wasm core and the TypeScript
 * above it, which have one type by the same name: `number`. Linux 6.7, mm/ksm.c: skip_age.
 */

/** Below this age a page is always visited. */
export const YOUNG_BELOW = 3;
/** From here on an age changes nothing. */
export const OLD_FROM = 9;

/** How many visits a page of that age misses before it is due again. */
export function skipsAfter(age: number): number {
  if (age < YOUNG_BELOW) return 0;
  if (age <= 3) return 1;
  if (age <= 5) return 2;
  if (age < OLD_FROM) return 4;
  return 8;
}
