/** Rows of pages, column by column; pages in a row that are alike in all are one row. */
import {
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_KIND,
  PAGE_RESTLESS,
  PAGE_ZEROES,
} from '../recording/format.js';

/** In the order of the columns. */
export const PAGE_COLUMNS = {
  guest_id: 'INTEGER',
  address: 'BIGINT',
  pages: 'INTEGER',
  /** The fingerprint, big end first; none of a page that never rests. */
  hi: 'BIGINT',
  lo: 'BIGINT',
  zero: 'BOOLEAN',
  huge: 'BOOLEAN',
  advised: 'BOOLEAN',
  volatile: 'BOOLEAN',
  first_seen_ms: 'BIGINT',
} as const;

export type Value = number | bigint | string | boolean | null;

export interface PageRow {
  readonly guestId: number;
  readonly page: number;
  /** PAGE_ kind and marks. */
  readonly state: number;
  readonly isAdvised: boolean;
  readonly hi: bigint | null;
  readonly lo: bigint | null;
  readonly firstSeenMs: number;
}

/** As many as DuckDB has in a chunk. */
const ROWS_A_CHUNK = 2048;
const HALF_BYTES = 8;

export class PageRows {
  private columns = emptied();
  private run: PageRow | undefined;
  private runPages = 0;

  /** `onChunk` gets rows, at most ROWS_A_CHUNK, as columns. */
  constructor(
    private readonly pageSize: number,
    private readonly onChunk: (columns: readonly Value[][], rows: number) => void,
  ) {}

  add(row: PageRow): void {
    const { run } = this;
    if (
      run !== undefined &&
      row.page === run.page + this.runPages &&
      row.state === run.state &&
      row.hi === run.hi &&
      row.lo === run.lo &&
      row.guestId === run.guestId &&
      row.isAdvised === run.isAdvised &&
      row.firstSeenMs === run.firstSeenMs
    ) {
      this.runPages++;
      return;
    }
    this.endRun();
    this.run = row;
    this.runPages = 1;
  }

  end(): void {
    this.endRun();
    this.run = undefined;
    this.endChunk();
  }

  private endRun(): void {
    const { run, columns } = this;
    if (run === undefined) return;
    const kind = run.state & PAGE_KIND;
    const values: Record<keyof typeof PAGE_COLUMNS, Value> = {
      guest_id: run.guestId,
      address: BigInt(run.page * this.pageSize),
      pages: this.runPages,
      hi: run.hi,
      lo: run.lo,
      zero: kind === PAGE_ZEROES,
      huge: (run.state & PAGE_HUGE) !== 0,
      advised: run.isAdvised,
      volatile: kind === PAGE_RESTLESS,
      first_seen_ms: BigInt(run.firstSeenMs),
    };
    Object.values(values).forEach((value, at) => {
      columns[at]?.push(value);
    });
    if (columns[0]?.length === ROWS_A_CHUNK) this.endChunk();
  }

  private endChunk(): void {
    const rows = this.columns[0]?.length ?? 0;
    if (rows > 0) this.onChunk(this.columns, rows);
    this.columns = emptied();
  }
}

function emptied(): Value[][] {
  return Object.keys(PAGE_COLUMNS).map(() => []);
}

/** What stands for a page of that state: its fingerprint's halves; none if it never rests. */
export function halvesOf(
  state: number,
  fingerprints: () => Buffer,
  offset: number,
): { hi: bigint | null; lo: bigint | null } {
  switch (state & PAGE_KIND) {
    case PAGE_CONTENT: {
      const bytes = fingerprints();
      return { hi: bytes.readBigInt64BE(offset), lo: bytes.readBigInt64BE(offset + HALF_BYTES) };
    }
    case PAGE_ZEROES:
      return { hi: 0n, lo: 0n };
    default:
      return { hi: null, lo: null };
  }
}
