/**
 * Who shares with whom, as a heat map. To tell, the daemon has to compare all pages: so it is asked
 * only while the map is in sight and guests have come or gone, and seldom; or when somebody wants
 * to know.
 */
import type { Shared } from '../protocol/routes/shared.js';
import { element, say } from './elements.js';
import { HeatMap } from './heat-map/heat-map.js';
import { heatMapData } from './heat-map/heat-map-data.js';
import { bytes, clock, count } from './wording.js';

/** Between two looks there is as much rest as so many of them take. */
const TIMES_AS_LONG = 20;

export class SharingCard {
  private readonly told = element('sharing-told', HTMLParagraphElement);
  private readonly again = element('sharing-again', HTMLButtonElement);
  private readonly place = element('heat-map', HTMLDivElement);
  private readonly map = new HeatMap(this.place);
  private isInSight = false;
  private lookedAt: string | undefined;
  private nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly ask: () => Promise<Shared>) {
    this.again.addEventListener('click', () => void this.look());
    new IntersectionObserver((entries) => {
      this.isInSight = entries.at(-1)?.isIntersecting === true;
    }).observe(element('sharing-section', HTMLElement));
  }

  /** To be called with each sample: who is there. */
  async update(names: readonly string[]): Promise<void> {
    const guests = names.join();
    if (!this.isInSight || guests === this.lookedAt || performance.now() < this.nextAtMs) return;
    this.lookedAt = guests;
    await this.look();
  }

  private async look(): Promise<void> {
    const { again, told, place } = this;
    const begunAtMs = performance.now();
    this.nextAtMs = Number.POSITIVE_INFINITY;
    again.disabled = true;
    say(told, 'Comparing all pages …');
    try {
      const shared = await this.ask();
      const { guests, between, pageSize, sample } = shared;
      // The map takes the width of a place that is seen.
      place.hidden = guests.length < 2;
      if (!place.hidden) this.map.show(heatMapData(shared));
      const of = sample === 1 ? '' : `, of one content in ${sample}`;
      say(
        told,
        `${count(guests.length)} guests: ${bytes(between.pages * pageSize)} could be saved ` +
          `between them, zero pages apart${of}. As of ${clock(Date.now())}.`,
      );
    } catch (error) {
      say(told, error instanceof Error ? error.message : String(error));
    }
    again.disabled = false;
    this.nextAtMs = performance.now() + (performance.now() - begunAtMs) * TIMES_AS_LONG;
  }
}
