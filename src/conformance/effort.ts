/**
 * How much a scenario may ask for. A few bytes of a file can ask for a year of scanning: what no
 * recording comes near is refused before a step is taken.
 */
import { KsmdError } from '../errors.js';

/** Pages that batches and passes visit: minutes of it. A recording has some thousands. */
const MOST_VISITS = 2 ** 28;
/** Observations, of the host and of each guest: each is kept until it is compared or printed. */
const MOST_OBSERVATIONS = 2 ** 18;

const UNOBSERVED = ['guest', 'bind', 'region', 'fork', 'fill', 'store'];
const VISITING = ['scan', 'khugepaged'];

interface Step {
  readonly op: string;
  readonly guest?: string;
  readonly child?: string;
  readonly pages?: number;
  readonly times?: number | undefined;
}

/** The pages of all regions that there ever were, what forks have copied of them included. */
export class MappedPages {
  total = 0;
  private readonly ofGuest = new Map<string, number>();

  add({ op, guest = '', child = '', pages = 0 }: Step): void {
    if (op === 'region') this.map(guest, pages);
    if (op === 'fork') this.map(child, this.ofGuest.get(guest) ?? 0);
    if (op === 'exit' || op === 'exec') this.ofGuest.delete(guest);
  }

  private map(guest: string, pages: number): void {
    this.ofGuest.set(guest, (this.ofGuest.get(guest) ?? 0) + pages);
    this.total += pages;
  }
}

export class Effort {
  private readonly mapped = new MappedPages();
  private guests = 0;
  private visits = 0;
  private observations = 0;

  /** One step more. EINVAL if that is too much in all. */
  add(step: Step, place: string): void {
    const { op, pages = 0, times = 1 } = step;
    this.mapped.add(step);
    if (op === 'guest' || op === 'fork') this.guests++;
    if (VISITING.includes(op)) this.visits += times * Math.min(pages, this.mapped.total);
    if (!UNOBSERVED.includes(op)) this.observations += times * (1 + this.guests);
    if (this.visits > MOST_VISITS)
      throw new KsmdError('EINVAL', `${place}: visits more than ${MOST_VISITS} pages in all`);
    if (this.observations > MOST_OBSERVATIONS)
      throw new KsmdError('EINVAL', `${place}: more than ${MOST_OBSERVATIONS} observations in all`);
  }
}
