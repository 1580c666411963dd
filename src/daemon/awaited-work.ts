/**
 * Work for one answer that several wait for: it is done once for all of them, and is ended when all
 * have gone before it is done.
 */
import { KsmdError } from '../errors.js';

export class AwaitedWork<T> {
  private readonly answer: Promise<T>;
  private readonly ending = new AbortController();
  private waiting = 0;
  private isDone = false;

  /** `work` ends with `nobodyWaits()` once what it is given is aborted. */
  constructor(work: (ended: AbortSignal) => Promise<T>) {
    this.answer = work(this.ending.signal).finally(() => {
      this.isDone = true;
    });
  }

  /** The answer will not come: who asks now has to ask anew. */
  get isEnded(): boolean {
    return this.ending.signal.aborted;
  }

  /** The answer, for one more who waits for it until `gone` is aborted. */
  for(gone: AbortSignal): Promise<T> {
    const leave = (): void => {
      this.waiting--;
      // What is done is for others yet to come.
      if (this.waiting === 0 && !this.isDone) this.ending.abort();
    };
    this.waiting++;
    if (gone.aborted) leave();
    else gone.addEventListener('abort', leave, { once: true });
    return this.answer;
  }

  /** Whether there is an answer or not. */
  async done(): Promise<void> {
    await this.answer.catch(() => {});
  }
}

export function nobodyWaits(): KsmdError {
  return new KsmdError('EINTR', 'nobody waits for the answer any more');
}
