/** Whether a host has come to rest: about as many pages are merged, for long. */

/** Smart scan leaves a page out for eight scans at most. */
const CALM_SCANS = 40;
/** Where pages go on changing, merged ones become fewer and more again. */
const CALM_SHARE = 0.01;
/** So that what it costs at rest shows in a few samples. */
const CALM_MS = 20_000;

export class Calm {
  private merged = 0;
  private sinceScans = 0;
  private sinceMs = 0;

  /** Told once a full scan, the last one too. True if nothing much is to come. */
  lasts(merged: number, scans: number, nowMs: number): boolean {
    if (Math.abs(merged - this.merged) > this.merged * CALM_SHARE) {
      this.merged = merged;
      this.sinceScans = scans;
      this.sinceMs = nowMs;
    }
    return scans - this.sinceScans >= CALM_SCANS && nowMs - this.sinceMs >= CALM_MS;
  }
}
