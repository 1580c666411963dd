/**
 * Whose pages stand behind what is saved, for whoever asks again and again, as Prometheus does.
 *
 * Each look is at every page, in slices. Who asks while one is under way shares it; and however
 * many ask, looks take a twentieth of a processor's time at most: so long what was seen stands.
 */
import { type Sharing, takeSharing } from '../../inspect/sharing.js';
import type { Host } from '../../ksm/host.js';
import { lookInSlices } from '../slices.js';

const TIMES_AS_LONG = 20;

export class SharingLooks {
  private seen: Sharing = { zeroPages: 0, withinGuestPages: 0, betweenGuestsPages: 0 };
  private standsUntilMs = Number.NEGATIVE_INFINITY;
  private underWay: Promise<Sharing> | undefined;

  constructor(
    private readonly host: Host,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** What was seen last. */
  get last(): Sharing {
    return this.seen;
  }

  async look(): Promise<Sharing> {
    if (this.nowMs() < this.standsUntilMs) return this.seen;
    this.underWay ??= this.begin();
    return this.underWay;
  }

  private async begin(): Promise<Sharing> {
    const begunAtMs = this.nowMs();
    try {
      this.seen = await lookInSlices(() => takeSharing(this.host));
      const endMs = this.nowMs();
      this.standsUntilMs = endMs + (endMs - begunAtMs) * TIMES_AS_LONG;
      return this.seen;
    } finally {
      this.underWay = undefined;
    }
  }
}
