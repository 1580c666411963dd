/** Fleets of a few small guests, as recordings and as what is added of them. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AddedDay, addRecording, identityFor } from '../../src/fleet/add.js';
import { Dataset } from '../../src/fleet/dataset.js';
import { DuckDBEngine } from '../../src/fleet/duckdb.js';
import {
  MAPPING_ADVISED,
  PAGE_CONTENT,
  PAGE_RESTLESS,
  PAGE_ZEROES,
  type RecordingHeader,
} from '../../src/recording/format.js';
import { Recording } from '../../src/recording/recording.js';
import { RecordingWriter } from '../../src/recording/recording-writer.js';
import { GUEST, HEADER } from '../recording/small-recording.js';

/** Contents by number, a page each: 0 is a page of zeroes, -1 one that never rests. */
export type Pages = readonly number[];
/** By name. */
export type Guests = Readonly<Record<string, Pages>>;

/** At the moment given, in milliseconds since the recording's start. */
export interface Sweep {
  readonly atMs: number;
  readonly guests: Guests;
}

export function fingerprintOf(content: number): Buffer {
  return createHash('sha256').update(String(content)).digest().subarray(16);
}

/** A directory that is gone at the end. */
export class FleetDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'ksmd-fleet-test-'));
  private recordings = 0;
  private engine: DuckDBEngine | undefined;

  constructor(readonly fleet = '') {
    if (fleet === '') this.fleet = join(this.path, 'fleet');
  }

  /** The path of a recording. */
  record(header: Partial<RecordingHeader>, sweeps: readonly Sweep[]): string {
    const path = join(this.path, `${this.recordings++}.rec`);
    const writer = RecordingWriter.create(path, { ...HEADER, ...header });
    const numbers = new Map<string, number>();
    let told: Guests = {};
    let next = 1;
    for (const { atMs, guests } of sweeps) {
      for (const name of Object.keys(told))
        if (!(name in guests)) writer.write({ type: 'guest-gone', guest: numbers.get(name) ?? 0 });
      for (const [name, pages] of Object.entries(guests)) {
        const isNew = !(name in told);
        const guest = isNew ? next++ : (numbers.get(name) ?? 0);
        numbers.set(name, guest);
        if (isNew) {
          writer.write({ ...GUEST, guest, name });
          const where = { page: 0, pages: pages.length, flags: MAPPING_ADVISED, node: undefined };
          writer.write({ type: 'mapping', guest, ...where, label: '' });
        }
        for (const [page, content] of pages.entries()) {
          if (!isNew && told[name]?.[page] === content) continue;
          const state = content > 0 ? PAGE_CONTENT : content === 0 ? PAGE_ZEROES : PAGE_RESTLESS;
          const fingerprints = content > 0 ? { fingerprints: fingerprintOf(content) } : {};
          writer.write({ type: 'pages', guest, page, pages: 1, state, ...fingerprints });
        }
      }
      told = guests;
      writer.endSweep({ startMs: atMs, durationMs: 1, processorMs: 1 });
    }
    writer.close();
    return path;
  }

  async add(path: string, sample = 1): Promise<AddedDay[]> {
    this.engine ??= await DuckDBEngine.open();
    const { engine } = this;
    const recording = await Recording.open(path);
    try {
      const fleet = await Dataset.openOrCreate(this.fleet, identityFor(recording, sample));
      const days: AddedDay[] = [];
      for await (const day of addRecording(fleet, engine, recording)) days.push(day);
      return days;
    } finally {
      await recording.close();
    }
  }

  async query<T>(ask: (engine: DuckDBEngine, dataset: Dataset) => Promise<T>): Promise<T> {
    const dataset = await Dataset.open(this.fleet);
    await dataset.assertWhole();
    const engine = await DuckDBEngine.of(dataset);
    try {
      return await ask(engine, dataset);
    } finally {
      await engine.close();
    }
  }

  async remove(): Promise<void> {
    await this.engine?.close();
    rmSync(this.path, { recursive: true, force: true });
  }
}
