/**
 * How much of what is saved are pages of zeroes, which may be memory that nobody used. The daemon
 * has to look at every page to tell, so it is asked only when savings have changed, and seldom.
 */
import type { Report } from '../protocol/routes/report.js';

const LEAST_MS = 5000;
/** Between two looks there is as much rest as so many of them take. */
const TIMES_AS_LONG = 20;

export class Zeroes {
  private askedOf: number | undefined;
  private nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly ask: () => Promise<Pick<Report, 'sharing' | 'pageSize'>>,
    private readonly tell: (bytes: number) => void,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** To be called with each sample. */
  async update(savedBytes: number): Promise<void> {
    const begunAtMs = this.nowMs();
    if (savedBytes === this.askedOf || begunAtMs < this.nextAtMs) return;
    this.askedOf = savedBytes;
    this.nextAtMs = Number.POSITIVE_INFINITY;
    try {
      const { sharing, pageSize } = await this.ask();
      this.tell(sharing.zeroPages * pageSize);
    } catch {
      // The stream notices that the daemon does not answer.
      this.askedOf = undefined;
    }
    const endMs = this.nowMs();
    this.nextAtMs = endMs + Math.max(LEAST_MS, (endMs - begunAtMs) * TIMES_AS_LONG);
  }
}
