/**
 * /proc/PID/smaps_rollup of the guests: what each takes up, in the kernel's words.
 *
 * Finding it out takes a look at every page, in slices. Whoever can wait asks for a look at one
 * guest; they are taken one after another, and all who ask before one has begun share it. For those
 * who cannot, all guests are looked at, once
 * a second at most and for a small part of the thread's time, and what was found stands until the
 * next look.
 */
import { type Footprint, takeFootprint } from '../../inspect/footprint.js';
import { registeredPages } from '../../inspect/population.js';
import type { Host } from '../../ksm/host.js';
import { finish } from '../../machine/long-work.js';
import { inSlices, lookInSlices } from '../slices.js';
import { rollupText } from './text.js';

const REST_MS = 1000;
/** A rest is so many times as long as the look before it. */
const RESTS_TO_LOOKS = 20;
/** Of a guest that is met for the first time, so many are looked at on the spot. */
const FEW_PAGES = 4096;

const UNKNOWN: Footprint = {
  rssPages: 0,
  pssBytes: 0,
  hugePages: 0,
  ksmPages: 0,
  ksmPssBytes: 0,
  forkSharedPages: 0,
};

export class Rollups {
  /** By guest id. */
  private readonly footprints = new Map<number, Footprint>();
  private dueAtMs = Number.NEGATIVE_INFINITY;
  private isLooking = false;
  private readonly stopped = new AbortController();
  /** Settled when nobody has asked for a look. */
  private looks: Promise<void> = Promise.resolve();
  /** Looks that have not begun, by guest id. */
  private readonly queued = new Map<number, Promise<void>>();

  constructor(
    private readonly host: Host,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Begins to look at all guests again, if it is time. */
  refresh(): void {
    const begunAtMs = this.nowMs();
    if (this.isLooking || begunAtMs < this.dueAtMs) return;
    this.isLooking = true;
    void this.lookAtAll().finally(() => {
      this.isLooking = false;
      const tookMs = this.nowMs() - begunAtMs;
      this.dueAtMs = this.nowMs() + Math.max(REST_MS, tookMs * RESTS_TO_LOOKS);
    });
  }

  /** No more looks: who waits for one gets EINTR. */
  stop(): void {
    this.stopped.abort();
  }

  /** What is known of a guest. */
  text(guest: string): string {
    const { host, footprints } = this;
    const id = host.guests.id(guest);
    if (!footprints.has(id) && registeredPages(host, guest) <= FEW_PAGES)
      footprints.set(id, finish(takeFootprint(host, guest)) ?? UNKNOWN);
    return rollupText(host, guest, footprints.get(id) ?? UNKNOWN);
  }

  /**
   * Resolves once what is known of a guest was found after the call; at once if it is gone. EINTR
   * once this is stopped.
   */
  async look(guest: string): Promise<void> {
    if (!this.host.guests.has(guest)) return;
    const id = this.host.guests.id(guest);
    let look = this.queued.get(id);
    if (look === undefined) {
      look = this.looks.then(() => {
        this.queued.delete(id);
        return this.lookAt(guest, id);
      });
      this.queued.set(id, look);
      this.looks = look.catch(() => {});
    }
    await look;
  }

  private async lookAt(guest: string, id: number): Promise<void> {
    const { host, footprints } = this;
    const isThere = (): boolean => host.guests.has(guest) && host.guests.id(guest) === id;
    const footprint = await lookInSlices(function* () {
      return isThere() ? yield* takeFootprint(host, guest) : UNKNOWN;
    }, this.stopped.signal);
    this.forgetTheGone();
    if (isThere()) footprints.set(id, footprint);
  }

  private async lookAtAll(): Promise<void> {
    const { host, footprints } = this;
    this.forgetTheGone();
    for (const name of host.guests.names()) {
      // It may have gone meanwhile, and another of its name have come.
      if (this.stopped.signal.aborted) return;
      if (!host.guests.has(name)) continue;
      const id = host.guests.id(name);
      const footprint = await inSlices(takeFootprint(host, name));
      if (footprint !== undefined) footprints.set(id, footprint);
    }
  }

  private forgetTheGone(): void {
    const { host, footprints } = this;
    const ids = new Set(host.guests.names().map((name) => host.guests.id(name)));
    for (const id of footprints.keys()) if (!ids.has(id)) footprints.delete(id);
  }
}
