/** What a suite requires, and what was seen: collected, so that one that fails hides no other. */

export type Value = number | string | boolean;

export interface Check {
  readonly what: string;
  readonly required: Value;
  readonly seen: Value;
}

export class Checks {
  readonly all: Check[] = [];

  equal(what: string, seen: Value, required: Value): void {
    this.all.push({ what, required, seen });
  }
}

/** In words, each that is not as required. */
export function failures(checks: readonly Check[]): string[] {
  return checks
    .filter(({ required, seen }) => seen !== required)
    .map(({ what, required, seen }) => `${what} is ${seen}, to be ${required}`);
}

/** How many are as required, of how many. */
export function tally(checks: readonly Check[]): string {
  return `${checks.length - failures(checks).length} of ${checks.length}`;
}
