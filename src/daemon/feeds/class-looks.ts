/**
 * Pages by class, for whoever asks again and again, as the dashboard does.
 *
 * Each look is at every page, in slices, one look at a time. Who asks for the same while one is
 * under way shares it; and what was seen stands for so long that looks at it take a twentieth of a
 * processor's time at most.
 */
import { takePageClasses } from '../../inspect/page-classes.js';
import type { Host } from '../../ksm/host.js';
import type { PageClasses, PageClassesQuery } from '../../protocol/routes/page-classes.js';
import { inSlices, lookInSlices } from '../slices.js';
import { changedRunLengths } from './run-lengths.js';

const TIMES_AS_LONG = 20;
/** Answers that are kept, of whichever guests. */
const MOST_KEPT = 4;

interface Look {
  readonly answer: Promise<string>;
  standsUntilMs: number;
}

export class ClassLooks {
  /** By what was asked for, the newest last. */
  private readonly looks = new Map<string, Look>();
  private before: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly host: Host,
    private readonly nowMs: () => number = () => performance.now(),
    private readonly wallMs: () => number = () => Date.now(),
  ) {}

  /** As JSON. ENOENT if there is no such guest, EINVAL if none is said and one must be. */
  look(query: PageClassesQuery): Promise<string> {
    const what = JSON.stringify([query.by, query.guest]);
    const last = this.looks.get(what);
    if (last !== undefined && this.nowMs() < last.standsUntilMs) return last.answer;
    const look: Look = {
      answer: this.before.then(() => this.timed(look, query)),
      standsUntilMs: Number.POSITIVE_INFINITY,
    };
    this.before = look.answer.catch(() => {});
    this.looks.delete(what);
    this.looks.set(what, look);
    for (const oldest of [...this.looks.keys()].slice(0, -MOST_KEPT)) this.looks.delete(oldest);
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
