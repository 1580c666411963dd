/**
 * What a recorded host has free, sweep by sweep, as it would be with what is merged in a prediction
 * in place of what was merged while it was recorded.
 */
import { KsmdError } from '../errors.js';
import type { RecordingHeader } from '../recording/format.js';
import type { SweepRecord } from '../recording/records.js';

export interface HostMemory {
  readonly totalBytes: number;
  /** And what caches would give back. */
  readonly freeBytes: number;
  /** That the guests have come to take, whether merged or not. */
  readonly committedBytes: number;
}

const FREE = ['MemFree', 'Buffers', 'Cached'];

export class RecordedHostMemory {
  private host: readonly number[] = [];
  private readonly resident = new Map<number, number>();

  constructor(private readonly header: RecordingHeader) {}

  apply(record: SweepRecord): void {
    if (record.type === 'guest-gone') this.resident.delete(record.guest);
    if (record.type !== 'numbers') return;
    if (record.guest === undefined) this.host = [...record.values];
    else
      this.resident.set(record.guest, record.values[this.header.guestNumbers.indexOf('rss')] ?? 0);
  }

  /** ENODATA if the recording does not tell how much memory the host of its guests has. */
  with(mergedBytes: number): HostMemory {
    const { pageSize } = this.header;
    const totalBytes = this.number('MemTotal');
    const committedBytes = [...this.resident.values()].reduce((sum, bytes) => sum + bytes, 0);
    // Of images it has the memory of whoever captured them, which is not their host's.
    if (totalBytes === 0 || committedBytes === 0)
      throw new KsmdError(
        'ENODATA',
        'the recording does not tell how much memory the host of its guests has free, by which a ' +
          'policy goes: capture processes there',
      );
    const mergedThenBytes = this.number('ksm/pages_sharing') * pageSize;
    const freeBytes = FREE.reduce((sum, name) => sum + this.number(name), 0);
    return {
      totalBytes,
      freeBytes: Math.max(0, freeBytes + mergedBytes - mergedThenBytes),
      committedBytes,
    };
  }

  private number(name: string): number {
    return this.host[this.header.hostNumbers.indexOf(name)] ?? 0;
  }
}
