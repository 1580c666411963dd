/** Pointing at pages, with a pointer or with the keyboard, and choosing one to see its twins. */
import type { Spot } from './arrangement.js';
import { Explanation, type PagePlace, placeOf } from './explanation.js';
import type { MapView } from './map-view.js';
import type { Mirror } from './mirror.js';
import { PageSheet } from './page-sheet.js';

export class MapPointing {
  private readonly explanation: Explanation;
  private readonly sheet = new PageSheet(() => this.putAway());
  /** What is pointed at, by names that outlive a rearrangement. */
  private place: PagePlace | undefined;
  /** Chosen: the pointer does not take it away by passing over others. */
  private chosen = false;
  private twins: readonly PagePlace[] = [];

  constructor(
    private readonly view: MapView,
    private readonly mirror: Mirror,
    /** A page of that guest is chosen. */
    private readonly onChosen: (guest: string) => void,
  ) {
    this.explanation = new Explanation(mirror, {
      onTwins: (twins) => this.light(twins),
      onGoTo: (place) => this.goTo(place),
    });
    const { viewport } = view;
    viewport.addEventListener('pointermove', ({ clientX, clientY, pointerType }) => {
      // What comes over the map would come between the pointer and the page.
      if (!this.chosen && pointerType === 'mouse' && !this.sheet.comesAndGoes)
        this.point(view.spotAt(clientX, clientY));
    });
    viewport.addEventListener('click', ({ clientX, clientY }) =>
      this.choose(view.spotAt(clientX, clientY)),
    );
    viewport.addEventListener('keydown', (event) => this.onKey(event));
    viewport.addEventListener('focus', () => {
      if (this.place === undefined && viewport.matches(':focus-visible'))
        this.point(this.firstSpot());
    });
  }

  /** Guests or regions are others: finds the pages again that are marked. */
  rearranged(): void {
    const spot = this.place === undefined ? undefined : this.find(this.place);
    this.view.point(spot === undefined ? -1 : slotOf(spot));
    if (spot === undefined) {
      this.place = undefined;
      this.chosen = false;
      this.explanation.clear();
      this.sheet.leave();
    }
    this.light(this.twins);
  }

  /** Points at the first page of a guest. */
  goToGuest(name: string): void {
    this.light([]);
    const spot = this.view.blocks
      .map((block) => ({ block, page: 0 }))
      .find(({ block }) => this.mirror.guests[block.guest]?.name === name);
    this.goToSpot(spot);
  }

  private goTo(place: PagePlace): void {
    this.goToSpot(this.find(place));
  }

  private goToSpot(spot: Spot | undefined): void {
    if (spot === undefined) return;
    this.chosen = true;
    this.view.viewport.focus();
    this.point(spot);
    this.showPointed();
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const spot = this.place === undefined ? undefined : this.find(this.place);
    if (event.key === 'Escape') this.putOut();
    else if (event.key === '+' || event.key === '=') this.view.zoom(1);
    else if (event.key === '-') this.view.zoom(-1);
    else if (event.key === '0') this.view.zoom('fit');
    else if ((event.key === 'Enter' || event.key === ' ') && spot !== undefined) this.choose(spot);
    else {
      const next = spot === undefined ? this.firstSpot() : this.moved(spot, event.key);
      if (next === undefined) return;
      this.chosen = true;
      this.light([]);
      this.point(next);
      this.showPointed();
    }
    event.preventDefault();
  }

  /** Where a key leads from a page; undefined if it leads nowhere. */
  private moved(spot: Spot, key: string): Spot | undefined {
    const { block, page } = spot;
    switch (key) {
      case 'ArrowRight':
        return page + 1 < block.region.pages
          ? { block, page: page + 1 }
          : (this.neighbour(spot, 1) ?? spot);
      case 'ArrowLeft': {
        if (page > 0) return { block, page: page - 1 };
        const before = this.neighbour(spot, -1);
        return before === undefined
          ? spot
          : { block: before.block, page: before.block.region.pages - 1 };
      }
      case 'ArrowDown':
        return this.view.spotBelow(spot, 1) ?? spot;
      case 'ArrowUp':
        return this.view.spotBelow(spot, -1) ?? spot;
      case 'Home':
        return { block, page: 0 };
      case 'End':
        return { block, page: block.region.pages - 1 };
      case 'PageDown':
        return this.nextGuest(spot, 1) ?? spot;
      case 'PageUp':
        return this.nextGuest(spot, -1) ?? spot;
      default:
        return undefined;
    }
  }

  private neighbour({ block }: Spot, step: 1 | -1): Spot | undefined {
    const { blocks } = this.view;
    const next = blocks[blocks.indexOf(block) + step];
    return next === undefined ? undefined : { block: next, page: 0 };
  }

  private nextGuest({ block }: Spot, step: 1 | -1): Spot | undefined {
    const { blocks } = this.view;
    const other =
      step === 1
        ? blocks.find(({ guest }) => guest > block.guest)
        : blocks.findLast(({ guest }) => guest < block.guest);
    const first =
      other === undefined ? undefined : blocks.find(({ guest }) => guest === other.guest);
    return first === undefined ? undefined : { block: first, page: 0 };
  }

  private firstSpot(): Spot | undefined {
    const [block] = this.view.blocks;
    return block === undefined ? undefined : { block, page: 0 };
  }

  private choose(spot: Spot | undefined): void {
    if (spot === undefined) {
      this.putOut();
      return;
    }
    this.chosen = true;
    this.light([]);
    this.mark(spot);
    this.explanation.show(spot, true);
    this.showPointed();
  }

  /** Brings the page pointed at into sight, and what is told of it. */
  private showPointed(): void {
    this.view.reveal();
    this.sheet.open(this.view.pointedMark);
    if (this.place !== undefined) this.onChosen(this.place.guest);
  }

  /** Somebody has read what is told of the page. */
  private putAway(): void {
    this.putOut();
    this.view.viewport.focus({ preventScroll: true });
  }

  private putOut(): void {
    this.chosen = false;
    this.light([]);
  }

  private point(spot: Spot | undefined): void {
    if (spot === undefined) return;
    const before = this.place;
    this.mark(spot);
    const { place } = this;
    if (before?.guest === place?.guest && before?.address === place?.address) return;
    this.explanation.show(spot, false);
  }

  private mark(spot: Spot): void {
    const guest = this.mirror.guests[spot.block.guest];
    if (guest === undefined) return;
    this.place = placeOf(guest, spot, this.mirror.pageSize);
    this.view.point(slotOf(spot));
  }

  private light(twins: readonly PagePlace[]): void {
    this.twins = twins;
    this.view.light(twins.flatMap((twin) => this.find(twin) ?? []).map(slotOf));
  }

  private find({ guest, address }: PagePlace): Spot | undefined {
    const { guests, pageSize } = this.mirror;
    const place = guests.findIndex(({ name }) => name === guest);
    for (const { first, address: start, pages } of guests[place]?.regions ?? []) {
      const page = (address - start) / pageSize;
      if (page >= 0 && page < pages) return this.view.spotOf(first + page);
    }
    return undefined;
  }
}

function slotOf({ block, page }: Spot): number {
  return block.region.first + page;
}
