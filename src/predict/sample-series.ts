/** Samples of a prediction from the begin to its end, and when the next of them is due. */

/** `t` of a sample: seconds since the begin. */
export class SampleSeries<Sample extends { readonly t: number }> {
  readonly samples: Sample[] = [];

  /** `stepAfter`: seconds from one at that second to the next. */
  constructor(private readonly stepAfter: (seconds: number) => number = ownStepAfter) {}

  get dueMs(): number {
    const last = this.samples.at(-1)?.t;
    if (last === undefined) return 0;
    const step = this.stepAfter(last);
    // The step after the one that was due last, however that divides.
    return (Math.round(last / step) + 1) * step * 1000;
  }

  /** Whether it is due then, or is the last: `isEnd`. */
  takes(ms: number, isEnd: boolean): boolean {
    return ms >= this.dueMs || (isEnd && ms > (this.samples.at(-1)?.t ?? 0) * 1000);
  }
}

/** One a second for ten minutes, then coarser. */
function ownStepAfter(seconds: number): number {
  if (seconds < 600) return 1;
  return seconds < 6 * 3600 ? 10 : 60;
}
