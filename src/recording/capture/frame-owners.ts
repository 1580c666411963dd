/**
 * Whose page a frame was told as first, in one sweep: other guests that a fork has made map it at
 * the same address.
 *
 * Open addressing in typed arrays, 20 bytes a place: families share millions of frames, of which a
 * Map would take ten times as much.
 */

/** Places at first; a power of two, as ever. */
const FEWEST_PLACES = 1024;
/** As full as it gets, of four parts: chains are short yet. */
const FULL_QUARTERS = 3;
/** Odd numbers that spread what is near each other: 2^32 by the golden ratio (Knuth, 6.4). */
const SPREAD_LOW = 0x9e3779b1;
const SPREAD_HIGH = 0x85ebca6b;

export class FrameOwners {
  /** By place; 0 where it is empty, as frame 0 is no process's. */
  private frames = new Float64Array(FEWEST_PLACES);
  private pages = new Float64Array(FEWEST_PLACES);
  private guests = new Uint32Array(FEWEST_PLACES);
  private known = 0;
  private readonly shared = new Set<number>();

  /** A new sweep begins. */
  begin(): void {
    this.frames.fill(0);
    this.known = 0;
    this.shared.clear();
  }

  /**
   * The guest that had the frame at this page; undefined if none had it yet, which this one then
   * has, or it lay elsewhere.
   */
  ownerOf(frame: number, page: number, guest: number): number | undefined {
    const place = this.placeOf(frame);
    if (this.frames[place] !== frame) {
      this.put(place, frame, page, guest);
      return undefined;
    }
    const owner = this.guests[place];
    if (this.pages[place] !== page || owner === guest || owner === undefined) return undefined;
    this.shared.add(owner);
    return owner;
  }

  /** Another guest was told that this one has its page. */
  sharesFrames(guest: number): boolean {
    return this.shared.has(guest);
  }

  /** Where the frame is, or else the empty place where it would be. */
  private placeOf(frame: number): number {
    const { frames } = this;
    const mask = frames.length - 1;
    // Where frames have no numbers these are addresses, of more than 32 bits.
    const high = Math.floor(frame / 2 ** 32);
    const hash = Math.imul(frame, SPREAD_LOW) ^ Math.imul(high, SPREAD_HIGH);
    let place = hash >>> Math.clz32(mask);
    while (frames[place] !== 0 && frames[place] !== frame) place = (place + 1) & mask;
    return place;
  }

  private put(place: number, frame: number, page: number, guest: number): void {
    this.frames[place] = frame;
    this.pages[place] = page;
    this.guests[place] = guest;
    this.known++;
    if (this.known * 4 > this.frames.length * FULL_QUARTERS) this.grow();
  }

  private grow(): void {
    const { frames, pages, guests } = this;
    this.frames = new Float64Array(frames.length * 2);
    this.pages = new Float64Array(frames.length * 2);
    this.guests = new Uint32Array(frames.length * 2);
    for (let old = 0; old < frames.length; old++) {
      const frame = frames[old] ?? 0;
      if (frame === 0) continue;
      const place = this.placeOf(frame);
      this.frames[place] = frame;
      this.pages[place] = pages[old] ?? 0;
      this.guests[place] = guests[old] ?? 0;
    }
  }
}
