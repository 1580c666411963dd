/** What a guest notices of merging, and what that gives away: docs/risk-of-merging.md. */
import type { Prices } from '../../../prices/prices.js';
import { rate } from '../../../wording/amounts.js';

/** Two lines of a terminal. */
export function writeFaultSentence({ writeFault }: Prices): string {
  return (
    `A guest's first write to a merged page takes ${rate(writeFault / 1000)} µs more: by ` +
    "that it can tell\nthat the page is another's too."
  );
}
