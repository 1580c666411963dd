/**
 * Whose page a frame was told as first, in one sweep: other guests that a fork has made map it at
 * the same address.
 */

export class FrameOwners {
  private readonly guests = new Map<number, number>();
  private readonly pages = new Map<number, number>();

  /** A new sweep begins. */
  begin(): void {
    this.guests.clear();
    this.pages.clear();
  }

  /**
   * The guest that had the frame at this page; undefined if none had it yet, which this one then
   * has, or it lay elsewhere.
   */
  ownerOf(frame: number, page: number, guest: number): number | undefined {
    const owner = this.guests.get(frame);
    if (owner === undefined) {
      this.guests.set(frame, guest);
      this.pages.set(frame, page);
      return undefined;
    }
    return this.pages.get(frame) === page && owner !== guest ? owner : undefined;
  }
}
