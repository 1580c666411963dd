/** Sweeps on their way to the daemon, and what is said of each. */
import type { Client } from '../../../client/client.js';
import { KsmdError } from '../../../errors.js';
import type { SweepReport } from '../../../recording/capture/capture.js';
import type { RecordingHeader } from '../../../recording/format.js';
import type { GuestFacts } from '../../../recording/records.js';
import type { Selection } from '../../../sources/process/process-memory.js';
import { count, figure, size } from '../../../wording/amounts.js';
import { Progress } from '../../terminal/progress.js';
import type { Session } from '../../verb.js';
import { sweepText } from '../record/sweep-text.js';
import { DaemonGuests } from './daemon-guests.js';
import { ToldHost } from './told-host.js';

export class Following {
  /** Those that the daemon has been brought up to. */
  sweeps = 0;
  private guests: DaemonGuests | undefined;
  private header: RecordingHeader | undefined;

  constructor(
    private readonly session: Session,
    /** The daemon's, as it was told before anything was done. */
    private readonly daemonPid: number,
    private readonly selection: Selection,
    /** Lines for people, once the first sweep is over. */
    private readonly notes: readonly string[],
  ) {}

  /** Who takes the records of sweeps. */
  begin(header: RecordingHeader, nameOf: (facts: GuestFacts) => string): ToldHost {
    const host = new ToldHost(header, nameOf);
    this.header = header;
    this.guests = new DaemonGuests(this.session.client, host, header, this.selection);
    return host;
  }

  /** A sweep is over. Rejects with the signal's reason once that is aborted. */
  async bringUp(report: SweepReport, signal: AbortSignal | undefined): Promise<void> {
    const { guests, header, session, daemonPid } = this;
    if (guests === undefined || header === undefined)
      throw new Error('there is no sweep before it has begun');
    await assertSame(session.client, daemonPid);
    const { pageSize } = header;
    const isFirst = this.sweeps === 0;
    const progress = isFirst ? new Progress('storing', report.pages * pageSize) : undefined;
    try {
      const { said, ...done } = await guests.bringUp({
        signal,
        stored: (pages) => progress?.add(pages * pageSize),
      });
      progress?.end();
      this.sweeps++;
      const { saved } = await session.client.status();
      if (session.json) session.printJson({ ...report, ...done, savedBytes: saved.bytes });
      else
        session.print(
          ...said,
          `${sweepText(report, pageSize)}; ${size(saved.bytes)} saved${ofSample(header)}`,
          ...(isFirst ? [counted(guests.advisedOnly), ...this.notes] : []),
        );
    } finally {
      progress?.end();
    }
  }

  /** Everybody has ended, or the guests go, or stay as they are. */
  async end(keep: boolean): Promise<void> {
    const { session, guests, sweeps } = this;
    const all = guests?.size ?? 0;
    if (!keep) await guests?.removeAll();
    const fate =
      all === 0 ? 'until all had ended' : `${count(all, 'guest')} ${keep ? 'kept' : 'taken away'}`;
    if (!session.json) session.print(`${count(sweeps, 'sweep')} followed, ${fate}`);
  }

  /** After a failure: what can be taken away is. */
  async giveUp(): Promise<void> {
    // A daemon that is gone has taken them along: what went wrong first is what counts.
    await this.guests?.removeAll().catch(() => {});
  }
}

async function assertSame(client: Client, pid: number): Promise<void> {
  const now = await client.status();
  if (now.pid !== pid)
    throw new KsmdError(
      'ECONNRESET',
      'another daemon listens there now: the guests went with the one that they were in',
    );
}

function counted(advisedOnly: boolean): string {
  return advisedOnly
    ? '  as KSM sees it: what is advised'
    : '  as if prctl(PR_SET_MEMORY_MERGE) were set: all private memory';
}

function ofSample({ sample }: RecordingHeader): string {
  return sample === 1 ? '' : ` of a sample, 1 page in ${figure(sample)}`;
}
