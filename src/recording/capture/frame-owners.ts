/**
 * Whose page a frame was told as first, in one sweep: other guests that a fork has made map it at
 * the same address.
 */

export class FrameOwners {
  private readonly guests = new Map<number, number>();
  private readonly pages = new Map<number, number>();
  private readonly shared = new Set<number>();

  /** A new sweep begins. */
  begin(): void {
    this.guests.clear();
    this.pages.clear();
    this.shared.clear();
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
    if (this.pages.get(frame) !== page || owner === guest) return undefined;
    this.shared.add(owner);
    return owner;
  }

  /** Another guest was told that this one has its page. */
  sharesFrames(guest: number): boolean {
    return this.shared.has(guest);
  }
}
