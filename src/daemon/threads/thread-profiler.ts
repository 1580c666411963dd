/**
 * V8's sampling profiler, of the thread it is used on, without an event loop: a session with one's
 * own thread answers before `post` returns.
 *
 * Nothing is loaded before the first profile, and nothing is left switched on after one: a thread
 * that is not profiled pays nothing.
 */
import type { Profiler, Session } from 'node:inspector';
import { KsmdError } from '../../errors.js';
import { readable } from '../../hotspots/readable.js';

/** Enough samples for a profile of a tenth of a second, at a few percent of the thread's time. */
const SAMPLE_MICROSECONDS = 500;

export class ThreadProfiler {
  private session: Session | undefined;

  start(): void {
    if (this.session !== undefined)
      throw new KsmdError('EBUSY', 'this thread is being profiled: wait for the end of that');
    const { Session } = process.getBuiltinModule('node:inspector');
    this.session = new Session();
    this.session.connect();
    // What an answer's callback throws goes nowhere.
    const refusals: Error[] = [];
    const answered = (error: Error | null): void => {
      if (error !== null) refusals.push(error);
    };
    this.session.post('Profiler.enable', answered);
    this.session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS }, answered);
    this.session.post('Profiler.start', answered);
    const [refusal] = refusals;
    if (refusal === undefined) return;
    this.end();
    throw new KsmdError('EBUSY', `V8's profiler does not start: ${refusal.message}: profile again`);
  }

  /** The profile, as JSON. */
  stop(): string {
    if (this.session === undefined)
      throw new KsmdError(
        'EBUSY',
        'this thread is not being profiled: it began after the profile did, profile again',
      );
    const taken: Profiler.Profile[] = [];
    this.session.post('Profiler.stop', (error, answer) => {
      if (error === null) taken.push(answer.profile);
    });
    this.end();
    const [profile] = taken;
    if (profile === undefined)
      throw new KsmdError('EBUSY', "V8's profiler gave no profile: profile again");
    return JSON.stringify(readable(profile));
  }

  /** Leaves the profiler switched off, whatever it was doing. */
  private end(): void {
    this.session?.disconnect();
    this.session = undefined;
  }
}
