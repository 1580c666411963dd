/**
 * Whose page a frame was told as first, in one sweep: other guests that a fork has made map it at
 * the same address.
 *
 * Frames are kept by where they are mapped, a stretch of pages at a time, once for each guest that
 * was the first there with one of them: eight bytes a page, of families that share millions. Those
 * of the sweep before are written over. Guests that are no family but have pages at the same
 * address are asked one after the other: there are few, as addresses are chosen by chance.
 */
import { STRETCH_PAGES } from '../recorded-host.js';

/** Of one guest; 0 where another had the page's frame before, or the page is its own alone. */
interface OwnedStretch {
  readonly guest: number;
  readonly frames: Float64Array;
}

export class FrameOwners {
  /** By place, in the order in which guests came. */
  private readonly stretches = new Map<number, OwnedStretch[]>();
  /** Of the sweep before, to be used again. */
  private spare: Float64Array[] = [];
  private lastPlace = -1;
  private last: OwnedStretch[] = [];
  private readonly shared = new Set<number>();

  /** A new sweep begins. */
  begin(): void {
    this.spare = [];
    for (const each of this.stretches.values())
      for (const { frames } of each) this.spare.push(frames);
    this.stretches.clear();
    this.lastPlace = -1;
    this.last = [];
    this.shared.clear();
  }

  /**
   * The guest that had the frame at this page; undefined if none had it there yet, which this one
   * then has. A guest asks once for each of its pages.
   */
  ownerOf(frame: number, page: number, guest: number): number | undefined {
    const index = page % STRETCH_PAGES;
    const stretches = this.at(Math.floor(page / STRETCH_PAGES));
    let own: OwnedStretch | undefined;
    for (const stretch of stretches) {
      if (stretch.guest === guest) own = stretch;
      else if (stretch.frames[index] === frame) {
        this.shared.add(stretch.guest);
        return stretch.guest;
      }
    }
    if (own === undefined) {
      own = { guest, frames: this.takeFrames() };
      stretches.push(own);
    }
    own.frames[index] = frame;
    return undefined;
  }

  /** Another guest was told that this one has its page. */
  sharesFrames(guest: number): boolean {
    return this.shared.has(guest);
  }

  private at(place: number): OwnedStretch[] {
    if (place === this.lastPlace) return this.last;
    let stretches = this.stretches.get(place);
    if (stretches === undefined) {
      stretches = [];
      this.stretches.set(place, stretches);
    }
    this.lastPlace = place;
    this.last = stretches;
    return stretches;
  }

  private takeFrames(): Float64Array {
    return this.spare.pop()?.fill(0) ?? new Float64Array(STRETCH_PAGES);
  }
}
