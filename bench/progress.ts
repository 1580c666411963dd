/**
 * What the bench says on standard error while it works: what it is at, and during a long merge how
 * far that is.
 */

const SAY_EVERY_MS = 2000;

export class Progress {
  private nextMs = 0;
  private step = '';

  constructor(
    private readonly write: (line: string) => void = (line) => void process.stderr.write(line),
  ) {}

  /** A new step begins. */
  begin(step: string): void {
    this.step = step;
    this.say(`${step} …`);
  }

  /** The step is `part` of `whole` done: said every now and then. Costs the reading of a clock. */
  at(part: number, whole: number): void {
    if (performance.now() >= this.nextMs)
      this.say(`${this.step}: ${Math.floor((100 * part) / whole)} %`);
  }

  private say(text: string): void {
    this.write(`${text}\n`);
    this.nextMs = performance.now() + SAY_EVERY_MS;
  }
}
