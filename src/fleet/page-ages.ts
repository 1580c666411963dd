/**
 * Since which sweep of a recording each page has been what it is: 4 bytes a page, where any page of
 * its stretch has changed after the first.
 */
import { PAGE_AS_BEFORE, PAGE_KIND } from '../recording/format.js';
import { STRETCH_PAGES } from '../recording/recorded-host.js';
import type { SweepRecord } from '../recording/records.js';

export class PageAges {
  /** By guest, and there by stretch. */
  private readonly guests = new Map<number, Map<number, Uint32Array>>();

  /** What a sweep tells, by its number. */
  apply(record: SweepRecord, sweep: number): void {
    if (record.type === 'guest-gone') this.guests.delete(record.guest);
    if (record.type !== 'pages' || (record.state & PAGE_KIND) === PAGE_AS_BEFORE) return;
    if (sweep === 0) return;
    const stretches = this.guests.get(record.guest) ?? new Map<number, Uint32Array>();
    this.guests.set(record.guest, stretches);
    const end = record.page + record.pages;
    for (let at = record.page; at < end; ) {
      const place = Math.floor(at / STRETCH_PAGES);
      const stop = Math.min(end, (place + 1) * STRETCH_PAGES);
      const sweeps = stretches.get(place) ?? new Uint32Array(STRETCH_PAGES);
      stretches.set(place, sweeps);
      sweeps.fill(sweep, at - place * STRETCH_PAGES, stop - place * STRETCH_PAGES);
      at = stop;
    }
  }

  sweepOf(guest: number, page: number): number {
    return (
      this.guests.get(guest)?.get(Math.floor(page / STRETCH_PAGES))?.[page % STRETCH_PAGES] ?? 0
    );
  }
}
