/** Timers that tick when told to. */
import type { Timers } from '../../src/daemon/timers.js';

export class ManualTimers implements Timers {
  readonly ticks = new Set<() => void>();

  every(_ms: number, tick: () => void): () => void {
    this.ticks.add(tick);
    return () => this.ticks.delete(tick);
  }

  tick(): void {
    for (const tick of this.ticks) tick();
  }
}
