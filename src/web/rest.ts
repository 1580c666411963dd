/**
 * The rest between two looks that the daemon has to take at every page: as long as twenty such
 * looks take, and no shorter than some seconds. What is asked of a daemon that is gone counts for
 * nothing.
 */
const LEAST_MS = 5000;
const TIMES_AS_LONG = 20;

export class Rest {
  private underWay: symbol | undefined;
  private endedAtMs = Number.NEGATIVE_INFINITY;
  private tookMs = 0;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** A look is asked for that has not been answered. */
  get isAwaited(): boolean {
    return this.underWay !== undefined;
  }

  isOver(leastMs = LEAST_MS): boolean {
    const restedMs = this.nowMs() - this.endedAtMs;
    return !this.isAwaited && restedMs >= Math.max(leastMs, this.tookMs * TIMES_AS_LONG);
  }

  /** Asks, and rests once there is an answer: undefined if there is another daemon by then. */
  async look<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
    const look = Symbol();
    const begunAtMs = this.nowMs();
    this.underWay = look;
    try {
      const answer = await ask();
      return this.underWay === look ? answer : undefined;
    } catch (error) {
      if (this.underWay === look) throw error;
      return undefined;
    } finally {
      if (this.underWay === look) {
        this.underWay = undefined;
        this.endedAtMs = this.nowMs();
        this.tookMs = this.endedAtMs - begunAtMs;
      }
    }
  }

  /** There may be another daemon. */
  begin(): void {
    this.underWay = undefined;
    this.endedAtMs = Number.NEGATIVE_INFINITY;
  }
}
