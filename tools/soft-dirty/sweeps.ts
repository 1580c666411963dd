/** Two captures of the same processes, one by soft-dirty bits, sweep by sweep, and what differs. */
import type { FingerprintKey } from '../../src/fingerprints/key.js';
import { capture, type SweepReport } from '../../src/recording/capture/capture.js';
import { PAGE_ABSENT, PAGE_CONTENT, PAGE_KIND, PAGE_SHARED } from '../../src/recording/format.js';
import { RecordedHost, type RecordedStretch } from '../../src/recording/recorded-host.js';

const WEEK_MS = 604_800_000;

export class Sweeps {
  private readonly sweeps: AsyncGenerator<SweepReport, void, undefined>;
  private recorded: RecordedHost | undefined;

  /** `pids` is asked before each sweep. */
  constructor(key: FingerprintKey, softDirty: boolean, pids: () => readonly number[]) {
    this.sweeps = capture({
      sink: (header) => {
        const host = new RecordedHost(header);
        this.recorded = host;
        return {
          write: (record) => host.apply(record),
          endSweep: (end) => host.apply({ type: 'end', ...end }),
          close: () => {},
        };
      },
      writer: 'trial',
      key,
      sample: 1,
      // The next one begins when it is asked for.
      intervalMs: 1,
      durationMs: WEEK_MS,
      selection: 'all',
      softDirty,
      mostShare: 1,
      processes: async () => pids().map((pid) => ({ pid, name: String(pid) })),
      images: [],
      signal: new AbortController().signal,
    });
  }

  async sweep(): Promise<SweepReport> {
    const { value, done } = await this.sweeps.next();
    if (done === true || value === undefined) throw new Error('the capture has ended');
    return value;
  }

  get host(): RecordedHost {
    if (this.recorded === undefined) throw new Error('nothing was swept yet');
    return this.recorded;
  }
}

/** How many pages two recordings tell otherwise. */
export function differences(a: RecordedHost, b: RecordedHost): number {
  let pages = 0;
  for (const id of new Set([...a.guests.keys(), ...b.guests.keys()])) {
    const [ours, theirs] = [a, b].map((host) => host.guests.get(id)?.stretches ?? new Map());
    for (const place of new Set([...(ours?.keys() ?? []), ...(theirs?.keys() ?? [])]))
      pages += differing(ours?.get(place), theirs?.get(place));
  }
  return pages;
}

function differing(a: RecordedStretch | undefined, b: RecordedStretch | undefined): number {
  const states = a?.states ?? b?.states;
  let pages = 0;
  states?.forEach((_, index) => {
    const ours = a?.states[index] ?? PAGE_ABSENT;
    if (ours !== (b?.states[index] ?? PAGE_ABSENT)) pages++;
    else if ((ours & PAGE_KIND) === PAGE_SHARED) {
      if (a?.owners[index] !== b?.owners[index]) pages++;
    } else if ((ours & PAGE_KIND) === PAGE_CONTENT) {
      const [from, to] = [index * 16, index * 16 + 16];
      const fingerprint = a?.fingerprints.subarray(from, to);
      if (b === undefined || fingerprint?.equals(b.fingerprints.subarray(from, to)) !== true)
        pages++;
    }
  });
  return pages;
}
