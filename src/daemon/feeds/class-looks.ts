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
import { AwaitedWork } from '../awaited-work.js';
import { inSlices, lookInSlices } from '../slices.js';
import { changedRunLengths } from './run-lengths.js';

const TIMES_AS_LONG = 20;
/** Questions, of whichever guests, that wait for an answer or have one that stands. */
const MOST_KEPT = 4;

interface Look {
  /** What was asked for. */
  readonly what: string;
  readonly work: AwaitedWork<string>;
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
    const last = [...this.looks].find((each) => each.what === what && !each.work.isEnded);
    if (last !== undefined) return last.work.for(gone);
    if (this.looks.size >= MOST_KEPT)
      throw new KsmdError(
        'EBUSY',
        `pages were looked at for ${MOST_KEPT} other questions just now: ask again in a while`,
      );
    const look: Look = {
      what,
      work: new AwaitedWork((ended) => this.before.then(() => this.timed(look, query, ended))),
      standsUntilMs: Number.POSITIVE_INFINITY,
    };
    this.before = look.work.done();
    this.looks.add(look);
    return look.work.for(gone);
  }

  private async timed(look: Look, query: PageClassesQuery, ended: AbortSignal): Promise<string> {
    const begunAtMs = this.nowMs();
    try {
      return await this.answer(query, ended);
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
