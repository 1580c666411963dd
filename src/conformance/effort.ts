/**
 * How much a scenario may ask for. A few bytes of a file can ask for a year of scanning: what no
 * recording comes near is refused before a step is taken.
 */
import { KsmdError } from '../errors.js';

/** Pages that batches visit: minutes of it. A recording has some thousands. */
const MOST_VISITS = 2 ** 28;
/** Observations, of the host and of each guest: each is kept until it is compared or printed. */
const MOST_OBSERVATIONS = 2 ** 18;

const UNOBSERVED = ['guest', 'region', 'fill', 'store'];

interface Step {
  readonly op: string;
  readonly pages?: number;
  readonly times?: number | undefined;
}

export class Effort {
  private pages = 0;
  private guests = 0;
  private visits = 0;
  private observations = 0;

  /** One step more. EINVAL if that is too much in all. */
  add({ op, pages = 0, times = 1 }: Step, place: string): void {
    if (op === 'guest') this.guests++;
    if (op === 'region') this.pages += pages;
    if (op === 'scan') this.visits += times * Math.min(pages, this.pages);
    if (!UNOBSERVED.includes(op)) this.observations += times * (1 + this.guests);
    if (this.visits > MOST_VISITS)
      throw new KsmdError('EINVAL', `${place}: visits more than ${MOST_VISITS} pages in all`);
    if (this.observations > MOST_OBSERVATIONS)
      throw new KsmdError('EINVAL', `${place}: more than ${MOST_OBSERVATIONS} observations in all`);
  }
}
