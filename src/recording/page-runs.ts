/** Pages that are something else now, put together to runs of one kind as they come. */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import { PAGE_CONTENT, PAGE_KIND } from './format.js';
import type { PagesRecord } from './records.js';

/** Of a run: what comes after is one of its own. */
const MOST_PAGES = 4096;

/**
 * Room for the fingerprints of a run: guests that are told one after the other have it in turn. A
 * view of each length is made once, as there are as many runs as pages where these take turns.
 */
export class RunRoom {
  private readonly bytes = Buffer.alloc(MOST_PAGES * FINGERPRINT_BYTES);
  private readonly views: (Buffer | undefined)[] = new Array(MOST_PAGES + 1).fill(undefined);

  put(fingerprint: Buffer, at: number): void {
    fingerprint.copy(this.bytes, at * FINGERPRINT_BYTES);
  }

  /** Of the first so many pages: good until others are put there. */
  of(pages: number): Buffer {
    const view = this.views[pages] ?? this.bytes.subarray(0, pages * FINGERPRINT_BYTES);
    this.views[pages] = view;
    return view;
  }
}

export class PageRuns {
  private page = 0;
  private pages = 0;
  private state = 0;
  private owner: number | undefined;

  constructor(
    private readonly guest: number,
    private readonly write: (record: PagesRecord) => void,
    private readonly room = new RunRoom(),
  ) {}

  /** PAGE_CONTENT comes with the page's fingerprint, PAGE_SHARED with its owner. */
  add(page: number, state: number, fingerprint?: Buffer, owner?: number): void {
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
    if (fingerprint !== undefined) this.room.put(fingerprint, this.pages);
    this.pages++;
  }

  /** What has been added is written. */
  end(): void {
    const { guest, page, pages, state, owner } = this;
    if (pages === 0) return;
    this.pages = 0;
    const fingerprints = (state & PAGE_KIND) === PAGE_CONTENT ? this.room.of(pages) : undefined;
    if (fingerprints !== undefined)
      this.write({ type: 'pages', guest, page, pages, state, fingerprints });
    else if (owner !== undefined) this.write({ type: 'pages', guest, page, pages, state, owner });
    else this.write({ type: 'pages', guest, page, pages, state });
  }
}
