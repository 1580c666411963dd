/**
 * What happens in the demo, without how it looks: two guests write the same pages, the scanner
 * merges them, and both are read back. Whoever shows it is told scene by scene.
 */
import xxhash from 'xxhash-wasm';
import type { Client } from '../../client/client.js';
import { KsmdError } from '../../errors.js';
import type { PageMapAnswer } from '../../protocol/routes/live.js';
import type { Status } from '../../protocol/routes/status.js';
import { applyRunLengths } from '../../protocol/run-lengths.js';
import { ksmPages } from '../../sources/ksm-pages.js';

export const GUESTS = ['alice', 'bob'] as const;
/** Of merging: more than any machine has needed. */
const PATIENCE_MS = 45_000;

export type Phase = 'writing' | 'merging' | 'reading' | 'done';

/** What has become of a page, and comes to it in this order. */
export const STAGES = ['untouched', 'written', 'noted', 'in the tree', 'merged'] as const;
export type Stage = (typeof STAGES)[number];

export interface Scene {
  readonly phase: Phase;
  /** Since the phase began. */
  readonly phaseMs: number;
  /** Of what both guests are to write, or to be read of. */
  readonly doneBytes: number;
  readonly status: Status;
  /** Once all had merged: what it was then. The scanner goes on. */
  readonly merged?: Status;
  /**
   * Of each guest, page by page, the place of its stage in STAGES; those that are not registered
   * yet are untouched.
   */
  readonly pages: readonly Uint8Array[];
}

/** Told the scene, and again at every interval; the interval starts once it has taken the scene. */
export interface Audience {
  readonly everyMs: number;
  see(scene: Scene): void;
}

export class DemoPlay {
  private phase: Phase = 'writing';
  private phaseBeganMs = performance.now();
  private doneBytes = 0;
  private merged: Status | undefined;
  private readonly checksums = new Map<string, bigint>();

  constructor(
    private readonly client: Client,
    private readonly guestBytes: number,
    private readonly audience: Audience,
  ) {}

  /** The last scene. KsmdError if pages do not merge, or do not read as they were written. */
  async play(): Promise<Scene> {
    const { pageSize } = await this.client.status();
    await this.shown('writing', () => this.write(pageSize));
    await this.merge(this.guestBytes / pageSize);
    await this.shown('reading', () => this.readBack());
    this.begin('done');
    const last = await this.look();
    this.audience.see(last);
    return last;
  }

  private begin(phase: Phase): void {
    this.phase = phase;
    this.phaseBeganMs = performance.now();
    this.doneBytes = 0;
  }

  /** A phase, seen at its beginning and again and again until the work is done. */
  private async shown(phase: Phase, work: () => Promise<void>): Promise<void> {
    this.begin(phase);
    this.audience.see(await this.look());
    let isOver = false;
    const working = work().finally(() => {
      isOver = true;
    });
    // Its failure is told below, after the look that is under way.
    working.catch(() => {});
    while (!isOver) {
      await Promise.race([working, this.interval()]);
      if (!isOver) this.audience.see(await this.look());
    }
    await working;
  }

  private async write(pageSize: number): Promise<void> {
    const { create64 } = await xxhash();
    const pages = this.guestBytes / pageSize;
    for (const guest of GUESTS) {
      const hash = create64();
      await this.client.createGuest(guest);
      const region = await this.client.map(guest, 'memory', { pages });
      const chunks = this.counted(ksmPages({ pages, pageSize, best: false, seed: 1 }), (chunk) =>
        hash.update(chunk),
      );
      await this.client.store(guest, region.address, { length: this.guestBytes, chunks });
      this.checksums.set(guest, hash.digest());
    }
  }

  private *counted(
    chunks: Iterable<Uint8Array>,
    seen: (chunk: Uint8Array) => void,
  ): Generator<Uint8Array, void, undefined> {
    for (const chunk of chunks) {
      seen(chunk);
      this.doneBytes += chunk.length;
      yield chunk;
    }
  }

  private async merge(wantedPages: number): Promise<void> {
    this.begin('merging');
    for (;;) {
      const scene = await this.look();
      this.audience.see(scene);
      if ((scene.status.counters.pages_sharing ?? 0) >= wantedPages) {
        this.merged = scene.status;
        return;
      }
      if (scene.phaseMs > PATIENCE_MS)
        throw new KsmdError('ETIMEDOUT', 'the guests did not merge in time');
      await this.interval();
    }
  }

  private async readBack(): Promise<void> {
    const { create64 } = await xxhash();
    for (const guest of GUESTS) {
      const hash = create64();
      const [region] = (await this.client.guest(guest)).regions;
      if (region === undefined) throw new KsmdError('EIO', `guest ${guest} has lost its region`);
      for await (const chunk of this.client.load(guest, region.address, this.guestBytes)) {
        hash.update(chunk);
        this.doneBytes += chunk.length;
      }
      if (hash.digest() !== this.checksums.get(guest))
        throw new KsmdError('EIO', `guest ${guest} does not read as it was written`);
    }
  }

  private async look(): Promise<Scene> {
    const [status, map] = await Promise.all([this.client.status(), this.client.pageMap()]);
    return {
      phase: this.phase,
      phaseMs: performance.now() - this.phaseBeganMs,
      doneBytes: this.doneBytes,
      status,
      ...(this.merged === undefined ? {} : { merged: this.merged }),
      pages: pagesByGuest(map, this.guestBytes / status.pageSize),
    };
  }

  private interval(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.audience.everyMs));
  }
}

function pagesByGuest({ states, guests, slots, runs }: PageMapAnswer, pages: number): Uint8Array[] {
  const bySlot = new Uint8Array(slots);
  applyRunLengths(runs, bySlot, () => {});
  const stages = states.map((state) => STAGES.indexOf(stageOf(state)));
  return GUESTS.map((name) => {
    const first = guests.find((guest) => guest.name === name)?.regions[0]?.first;
    const ofGuest = new Uint8Array(pages);
    if (first !== undefined)
      ofGuest.set(bySlot.subarray(first, first + pages).map((state) => stages[state] ?? 0));
    return ofGuest;
  });
}

/** Of a page in this state of the map's. */
function stageOf(state: string | undefined): Stage {
  if (state === 'untouched') return 'untouched';
  if (state === 'waiting') return 'written';
  if (state === 'unshared') return 'in the tree';
  return state === 'shared' ? 'merged' : 'noted';
}
