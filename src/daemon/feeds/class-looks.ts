/**
 * Pages by class, for whoever asks again and again, as the dashboard does.
 *
 * Each look is at every page, in slices, one look at a time. Who asks for the same while one is
 * under way shares it; and what was seen stands for twenty times as long as that took. A question
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
  readonly answer: Promise<string>;
  standsUntilMs: number;
}

export class ClassLooks {
  /** By what was asked for. */
  private readonly looks = new Map<string, Look>();
  private before: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly host: Host,
    private readonly nowMs: () => number = () => performance.now(),
    private readonly wallMs: () => number = () => Date.now(),
  ) {}

  /**
   * As JSON. ENOENT if there is no such guest, EINVAL if none is said and one must be; EBUSY if so
   * many other questions stand.
   */
  async look(query: PageClassesQuery): Promise<string> {
    const what = JSON.stringify([query.by, query.guest]);
    const nowMs = this.nowMs();
    for (const [each, { standsUntilMs }] of this.looks)
      if (nowMs >= standsUntilMs) this.looks.delete(each);
    const last = this.looks.get(what);
    if (last !== undefined) return last.answer;
    if (this.looks.size >= MOST_KEPT)
      throw new KsmdError(
        'EBUSY',
        `pages were looked at for ${MOST_KEPT} other questions just now: ask again in a while`,
      );
    const look: Look = {
      answer: this.before.then(() => this.timed(look, query)),
      standsUntilMs: Number.POSITIVE_INFINITY,
    };
    this.before = look.answer.catch(() => {});
    this.looks.set(what, look);
    return look.answer;
  }

  private async timed(look: Look, query: PageClassesQuery): Promise<string> {
    const begunAtMs = this.nowMs();
    try {
      return await this.answer(query);
    } finally {
      const endMs = this.nowMs();
      look.standsUntilMs = endMs + (endMs - begunAtMs) * TIMES_AS_LONG;
    }
  }

  private async answer({ by, guest }: PageClassesQuery): Promise<string> {
    const { classes, values, pages } = await lookInSlices(() =>
      takePageClasses(this.host, by, guest),
    );
    const lookedAtMs = this.wallMs();
    const runs = await inSlices(changedRunLengths(new Uint8Array(values.length), values));
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
