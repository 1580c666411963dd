/**
 * What the daemon has to look at every page for: it is asked only when something has changed, and
 * seldom.
 */
const LEAST_MS = 5000;
/** Between two looks there is as much rest as so many of them take. */
const TIMES_AS_LONG = 20;

export class Seldom<Answer> {
  private askedOf: string | undefined;
  private nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly ask: () => Promise<Answer>,
    private readonly tell: (answer: Answer) => void,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** To be called with each sample. `state`: what an answer would be another one for. */
  async update(state: string): Promise<void> {
    const begunAtMs = this.nowMs();
    if (state === this.askedOf || begunAtMs < this.nextAtMs) return;
    this.askedOf = state;
    this.nextAtMs = Number.POSITIVE_INFINITY;
    try {
      this.tell(await this.ask());
    } catch {
      // The stream notices that the daemon does not answer.
      this.askedOf = undefined;
    }
    const endMs = this.nowMs();
    this.nextAtMs = endMs + Math.max(LEAST_MS, (endMs - begunAtMs) * TIMES_AS_LONG);
  }
}
