/**
 * The pages of guests, kept whole beside a host that holds something smaller in place of each: a
 * store of a few bytes changes what stands for the page, and only the whole page tells to what.
 */

/** What a host holds in place of pages: equal for equal pages, zeroes for zeroes. */
export interface StandIn {
  /** Bytes of it. */
  readonly frameBytes: number;
  of(page: Uint8Array): Uint8Array;
}

export class PagesBeside {
  /** By guest and page number. What is not there is zeroes. Pages are replaced, never changed. */
  private readonly guests = new Map<string, Map<number, Uint8Array>>();

  constructor(private readonly pageSize: number) {}

  /** The page that a store of `bytes`, within one page, makes of what was there. */
  store(guest: string, address: number, bytes: Uint8Array): Uint8Array {
    const { pageSize } = this;
    const number = Math.floor(address / pageSize);
    const pages = this.pagesOf(guest);
    const page = new Uint8Array(pageSize);
    page.set(pages.get(number) ?? []);
    page.set(bytes, address - number * pageSize);
    pages.set(number, page);
    return page;
  }

  /** They are zeroes again, or nobody's: `length` bytes of whole pages. */
  drop(guest: string, address: number, length: number): void {
    const pages = this.pagesOf(guest);
    const first = address / this.pageSize;
    for (let number = first; number < first + length / this.pageSize; number++)
      pages.delete(number);
  }

  fork(guest: string, child: string): void {
    this.guests.set(child, new Map(this.pagesOf(guest)));
  }

  /** All that the guest had. */
  forget(guest: string): void {
    this.guests.delete(guest);
  }

  private pagesOf(guest: string): Map<number, Uint8Array> {
    let pages = this.guests.get(guest);
    if (pages === undefined) {
      pages = new Map();
      this.guests.set(guest, pages);
    }
    return pages;
  }
}
