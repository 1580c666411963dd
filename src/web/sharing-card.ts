/**
 * Who shares with whom, as a heat map. To tell, the daemon has to compare all pages: so it is asked
 * only while the map is in sight and guests have come or gone, and seldom; or when somebody wants
 * to know.
 */
import type { Shared } from '../protocol/routes/shared.js';
import { figure, size } from '../wording/amounts.js';
import { element, say } from './elements.js';
import { HeatMap } from './heat-map/heat-map.js';
import { heatMapData } from './heat-map/heat-map-data.js';
import { Rest } from './rest.js';
import { clock } from './wording.js';

export class SharingCard {
  private readonly section = element('sharing-section', HTMLElement);
  private readonly told = element('sharing-told', HTMLParagraphElement);
  private readonly again = element('sharing-again', HTMLButtonElement);
  private readonly place = element('heat-map', HTMLDivElement);
  private readonly map = new HeatMap(this.place);
  private isInSight = false;
  private lookedAt: string | undefined;
  private readonly rest = new Rest();

  constructor(private readonly ask: () => Promise<Shared>) {
    this.again.addEventListener('click', () => void this.look());
    new IntersectionObserver((entries) => {
      this.isInSight = entries.at(-1)?.isIntersecting === true;
    }).observe(this.section);
  }

  /** There may be another daemon: what is shown is grey until it has been asked. */
  begin(): void {
    this.section.dataset.stale = '';
    this.again.disabled = false;
    this.lookedAt = undefined;
    this.rest.begin();
  }

  /** To be called with each sample: who is there. */
  async update(names: readonly string[]): Promise<void> {
    const guests = names.join();
    if (!this.isInSight || guests === this.lookedAt || !this.rest.isOver()) return;
    this.lookedAt = guests;
    await this.look();
  }

  private async look(): Promise<void> {
    const { again, told, place } = this;
    again.disabled = true;
    say(told, 'Comparing all pages …');
    try {
      const shared = await this.rest.look(this.ask);
      if (shared === undefined) return;
      delete this.section.dataset.stale;
      const { guests, between, pageSize, sample } = shared;
      // The map takes the width of a place that is seen.
      place.hidden = guests.length < 2;
      if (!place.hidden) this.map.show(heatMapData(shared));
      const of = sample === 1 ? '' : `, of one content in ${sample}`;
      say(
        told,
        `${figure(guests.length)} guests: ${size(between.pages * pageSize)} could be saved ` +
          `between them, zero pages apart${of}. As of ${clock(Date.now())}.`,
      );
    } catch (error) {
      say(told, error instanceof Error ? error.message : String(error));
    }
    again.disabled = false;
  }
}
