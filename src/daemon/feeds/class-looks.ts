/**
 * Pages by class, for whoever asks again and again, as the dashboard does.
 *
 * Each look is at every page, in slices, one look at a time. Who asks for the same while one is
 * under way shares it; and what was seen stands for twenty times as long as that took. A look that
 * nobody waits for any more is ended, and its place is taken for as long all the same. A question
 * besides the four that wait or stand is refused: so looks take a fifth of a processor's time at
 * most, whoever asks for whatever, and no more than four answers are kept.
 */
import { KsmdError } from '../../errors.js';
import { takePageClasses } from '../../inspect/page-classes.js';
import type { Host } from '../../ksm/host.js';
import type { PageClasses, PageClassesQuery } from '../../protocol/routes/page-classes.js';
import { inSlices, lookInSlices } from '../slices.js';
import { changedRunLengths } from './run-lengths.js';

const TIMES_AS_LONG = 20;
/** Questions, of whichever guests, that wait for an answer or have one that stands. */
const MOST_KEPT = 4;

interface Look {
  /** What was asked for. */
  readonly what: string;
  readonly answer: Promise<string>;
  /** Aborted when all have gone who waited for it. */
  readonly ended: AbortController;
  waiting: number;
  /** Infinite while it waits or is under way. */
  standsUntilMs: number;
}

export class ClassLooks {
  private readonly looks = new Set<Look>();
  private before: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly host: Host,
    private readonly nowMs: () => number = () => performance.now(),
    private readonly wallMs: () => number = () => Date.now(),
  ) {}

  /**
   * As JSON. ENOENT if there is no such guest, EINVAL if none is said and one must be; EBUSY if so
   * many other questions stand. `gone` is aborted when whoever asks waits no longer: EINTR, once
   * nobody does.
   */
  async look(query: PageClassesQuery, gone: AbortSignal): Promise<string> {
    const what = JSON.stringify([query.by, query.guest]);
    const nowMs = this.nowMs();
    for (const each of this.looks) if (nowMs >= each.standsUntilMs) this.looks.delete(each);
    const last = [...this.looks].find((each) => each.what === what && !each.ended.signal.aborted);
    if (last !== undefined) return awaited(last, gone);
    if (this.looks.size >= MOST_KEPT)
      throw new KsmdError(
        'EBUSY',
        `pages were looked at for ${MOST_KEPT} other questions just now: ask again in a while`,
      );
    const look: Look = {
      what,
      ended: new AbortController(),
      waiting: 0,
      answer: this.before.then(() => this.timed(look, query)),
      standsUntilMs: Number.POSITIVE_INFINITY,
    };
    this.before = look.answer.catch(() => {});
    this.looks.add(look);
    return awaited(look, gone);
  }

  private async timed(look: Look, query: PageClassesQuery): Promise<string> {
    const begunAtMs = this.nowMs();
    try {
      return await this.answer(query, look.ended.signal);
    } finally {
      const endMs = this.nowMs();
      look.standsUntilMs = endMs + (endMs - begunAtMs) * TIMES_AS_LONG;
    }
  }

  private async answer({ by, guest }: PageClassesQuery, ended: AbortSignal): Promise<string> {
    const { classes, values, pages } = await lookInSlices(
      () => takePageClasses(this.host, by, guest),
      ended,
    );
    const lookedAtMs = this.wallMs();
    const runs = await inSlices(changedRunLengths(new Uint8Array(values.length), values), ended);
    return JSON.stringify({
      by,
      ...(guest === undefined ? {} : { guest }),
      lookedAtMs,
      classes: classes.map((each, i) => ({ ...each, pages: pages[i] ?? 0 })),
      slots: values.length,
      runs: Buffer.from(runs).toString('base64'),
    } satisfies PageClasses);
  }
}

/** The answer, for one more who waits for it. */
function awaited(look: Look, gone: AbortSignal): Promise<string> {
  const leave = (): void => {
    look.waiting--;
    // What stands is for others yet to come.
    if (look.waiting === 0 && look.standsUntilMs === Number.POSITIVE_INFINITY) look.ended.abort();
  };
  look.waiting++;
  if (gone.aborted) leave();
  else gone.addEventListener('abort', leave, { once: true });
  return look.answer;
}
