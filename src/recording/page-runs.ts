/** Pages that are something else now, put together to runs of one kind as they come. */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import { PAGE_CONTENT, PAGE_KIND } from './format.js';
import type { PagesRecord } from './records.js';

/** Of a run: what comes after is one of its own. */
const MOST_PAGES = 4096;

export class PageRuns {
  private readonly fingerprints = Buffer.alloc(MOST_PAGES * FINGERPRINT_BYTES);
  private page = 0;
  private pages = 0;
  private state = 0;
  private owner: number | undefined;

  constructor(
    private readonly guest: number,
    private readonly write: (record: PagesRecord) => void,
  ) {}

  add(page: number, state: number, { fingerprints, owner }: Extra = {}): void {
    if (
      this.pages === 0 ||
      page !== this.page + this.pages ||
      state !== this.state ||
      owner !== this.owner ||
      this.pages === MOST_PAGES
    ) {
      this.end();
      this.page = page;
      this.state = state;
      this.owner = owner;
    }
    fingerprints?.copy(this.fingerprints, this.pages * FINGERPRINT_BYTES);
    this.pages++;
  }

  /** What has been added is written. */
  end(): void {
    const { guest, page, pages, state, owner } = this;
    if (pages === 0) return;
    this.pages = 0;
    const run = { type: 'pages', guest, page, pages, state } as const;
    if (owner !== undefined) this.write({ ...run, owner });
    else if ((state & PAGE_KIND) !== PAGE_CONTENT) this.write(run);
    else {
      const fingerprints = this.fingerprints.subarray(0, pages * FINGERPRINT_BYTES);
      this.write({ ...run, fingerprints });
    }
  }
}

interface Extra {
  /** Of PAGE_CONTENT: of the page alone. */
  readonly fingerprints?: Buffer;
  /** Of PAGE_SHARED. */
  readonly owner?: number;
}
