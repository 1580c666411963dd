/**
 * How a recording went on in its last part, its latter half: the pages that came to hold something
 * else in each of its sweeps, and what. What comes after the recording's end is taken to be the
 * same again and again: the same pages change, and those that changed to one content change to one
 * again, another each time.
 *
 * Changes are kept in memory, MOST_PAGES of them at most: what is beyond that does not come again,
 * and is counted.
 */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import { PAGE_CONTENT } from '../recording/format.js';
import type { PagesRecord } from '../recording/records.js';

const MOST_PAGES = 4_000_000;
/** Of a fingerprint, what a sample does not go by. */
const TAIL = FINGERPRINT_BYTES - 4;

interface Sweep {
  /** Milliseconds since the part's begin. */
  readonly afterMs: number;
  readonly changes: PagesRecord[];
}

export class LastPart {
  private readonly sweeps: Sweep[] = [];
  private readonly first: number;
  private pages = 0;
  private beyond = 0;

  /** `sweepMs`: when each sweep of the recording began. */
  constructor(
    private readonly sweepMs: readonly number[],
    private readonly mostPages = MOST_PAGES,
  ) {
    this.first = Math.max(1, Math.ceil(sweepMs.length / 2));
  }

  /** How long it is; 0 if nothing changed in it. */
  get lengthMs(): number {
    if (this.sweeps.length === 0) return 0;
    return (this.sweepMs.at(-1) ?? 0) - (this.sweepMs[this.first - 1] ?? 0);
  }

  /** Changes that were too many to be kept. */
  get forgottenPages(): number {
    return this.beyond;
  }

  /** Pages that have changed in the recording's `sweep`th sweep, from 0 on. */
  keep(sweep: number, guest: number, page: number, contents: Buffer): void {
    const pages = contents.length / FINGERPRINT_BYTES;
    if (sweep < this.first) return;
    if (this.pages + pages > this.mostPages) {
      this.beyond += pages;
      return;
    }
    this.pages += pages;
    const fingerprints = Buffer.from(contents);
    const state = PAGE_CONTENT;
    this.sweepAt(sweep).changes.push({ type: 'pages', guest, page, pages, state, fingerprints });
  }

  /** Its sweeps once more, in order: milliseconds since it began again, and what changes then. */
  *again(cycle: number): Generator<{ afterMs: number; changes: Iterable<PagesRecord> }> {
    for (const { afterMs, changes } of this.sweeps)
      yield { afterMs, changes: changes.map((record) => another(record, cycle)) };
  }

  private sweepAt(sweep: number): Sweep {
    const at = sweep - this.first;
    for (let next = this.sweeps.length; next <= at; next++)
      this.sweeps.push({
        afterMs: (this.sweepMs[this.first + next] ?? 0) - (this.sweepMs[this.first - 1] ?? 0),
        changes: [],
      });
    const found = this.sweeps[at];
    if (found === undefined) throw new RangeError(`no sweep ${sweep}`);
    return found;
  }
}

/** The same pages, with contents that they have not had; equal ones stay equal. */
function another(record: PagesRecord, cycle: number): PagesRecord {
  const fingerprints = Buffer.from(record.fingerprints ?? []);
  for (let at = TAIL; at < fingerprints.length; at += FINGERPRINT_BYTES)
    fingerprints.writeUInt32LE((fingerprints.readUInt32LE(at) ^ cycle) >>> 0, at);
  return { ...record, fingerprints };
}
