/**
 * What the daemon has to look at every page for: it is asked only when something has changed, and
 * seldom.
 */
import { Rest } from './rest.js';

export class Seldom<Answer> {
  private askedOf: string | undefined;

  constructor(
    private readonly ask: () => Promise<Answer>,
    private readonly tell: (answer: Answer) => void,
    private readonly rest = new Rest(),
  ) {}

  /** There may be another daemon. */
  begin(): void {
    this.askedOf = undefined;
    this.rest.begin();
  }

  /** To be called with each sample. `state`: what an answer would be another one for. */
  async update(state: string): Promise<void> {
    if (state === this.askedOf || !this.rest.isOver()) return;
    this.askedOf = state;
    let answer: Answer | undefined;
    try {
      answer = await this.rest.look(this.ask);
    } catch {
      // The stream notices that the daemon does not answer.
      this.askedOf = undefined;
    }
    if (answer !== undefined) this.tell(answer);
  }
}
