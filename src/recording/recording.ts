/**
 * A recording, to be read: what its header says, and its sweeps, up to the last that is whole. How
 * far that is, and what is wrong with the rest, is found out as it is opened: nobody who has read
 * half of one learns that it was none.
 */
import { KsmdError } from '../errors.js';
import { quoted } from '../printable.js';
import { BlockFile, type Damage } from './blocks.js';
import { Decoder } from './decoder.js';
import {
  BLOCK_HEADER,
  BLOCK_RECORDS,
  BLOCK_SWEEP_END,
  headerOf,
  type RecordingHeader,
} from './format.js';
import { RecordedHost } from './recorded-host.js';
import type { EndRecord, SweepRecord } from './records.js';

export class Recording {
  private constructor(
    private readonly file: BlockFile,
    readonly header: RecordingHeader,
    /** When each sweep that is whole began, in milliseconds since the recording's start. */
    readonly sweepStartsMs: readonly number[],
    /** Of all sweeps that are whole, and what comes before them. */
    readonly wholeBytes: number,
    /** What the file has after the last whole sweep, if anything. */
    readonly damage: Damage | undefined,
  ) {}

  /** EINVAL if it is none, or has not even a header; else it is good up to some sweep, or none. */
  static async open(path: string): Promise<Recording> {
    const file = await BlockFile.open(path);
    try {
      const blocks = file.blocks();
      const first = await blocks.next();
      if (first.done === true || first.value.kind !== BLOCK_HEADER)
        throw new KsmdError('EINVAL', `${quoted(path)} has no whole header: nothing can be read`);
      const header = named(path, () => headerOf(first.value.payload));
      const decoder = new Decoder(header);
      const sweepStartsMs: number[] = [];
      let wholeBytes = first.value.end;
      for (let at = wholeBytes; ; ) {
        const next = await blocks.next();
        if (next.done === true) return made(next.value ?? unfinished(at));
        const { value: block } = next;
        const found = lookInto(block.kind, block.payload, decoder, at);
        if (found !== undefined && 'what' in found) return made(found);
        at = block.end;
        if (found === undefined) continue;
        sweepStartsMs.push(found.startMs);
        wholeBytes = at;
      }

      function made(damage: Damage | undefined): Recording {
        return new Recording(file, header, sweepStartsMs, wholeBytes, damage);
      }

      function unfinished(end: number): Damage | undefined {
        return end === wholeBytes
          ? undefined
          : { at: wholeBytes, what: `its last sweep, from byte ${wholeBytes} on, has no end` };
      }
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get sweeps(): number {
    return this.sweepStartsMs.length;
  }

  get path(): string {
    return this.file.path;
  }

  get bytes(): number {
    return this.file.length;
  }

  /** All of the whole sweeps. What a record has in bytes is good until the next one. */
  async *records(): AsyncGenerator<SweepRecord, void, undefined> {
    const decoder = new Decoder(this.header);
    for await (const { kind, payload } of this.file.blocks(this.wholeBytes))
      if (kind !== BLOCK_HEADER) yield* decoder.records(payload);
  }

  /** The host as its last whole sweep has it. */
  async lastSweep(): Promise<RecordedHost> {
    const host = new RecordedHost(this.header);
    for await (const record of this.records()) host.apply(record);
    return host;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/**
 * Looked at once, so that reading never fails on what a record says: what is wrong, or the sweep's
 * end, if it has one.
 */
function lookInto(
  kind: number,
  payload: Buffer,
  decoder: Decoder,
  at: number,
): Damage | EndRecord | undefined {
  if (kind !== BLOCK_RECORDS && kind !== BLOCK_SWEEP_END)
    return { at, what: `the block at byte ${at} is of an unknown kind (${kind})` };
  try {
    let end: EndRecord | undefined;
    for (const record of decoder.records(payload)) {
      if (end !== undefined) return { at, what: `records follow a sweep's end at byte ${at}` };
      if (record.type === 'end') end = record;
    }
    if ((end !== undefined) === (kind === BLOCK_SWEEP_END)) return end;
    return { at, what: `a sweep's end and its block do not agree at byte ${at}` };
  } catch (error) {
    if (!(error instanceof KsmdError)) throw error;
    return { at, what: `at byte ${at} ${error.message}` };
  }
}

function named<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KsmdError)) throw error;
    throw new KsmdError(error.code, `${quoted(path)}: ${error.message}`);
  }
}
