/** ksmd's side: a host of its own in this process, scanned by the calling thread as the daemon's scanner thread does it. */
import { readFileSync } from 'node:fs';
import { CTL_CHECKSUMS, CTL_FRAMES_USED, CTL_STABLE_NODES_USED, FRAME_WORDS, SLOT_WORDS, STABLE_NODE_WORDS } from '../../src/core/layout.js';
import { Host } from '../../src/ksm/host.js';
import type { ProfileName } from '../../src/ksm/profile.js';
import { type Content, type Merged, PAGE_SIZE, type Sample, SETTLING_SCANS, type Side } from './side.js';

/** Pages scanned between two looks at the counters. */
const SLICE_PAGES = 1024;
const SAMPLE_EVERY_SECONDS = 0.02;

export class KsmdSide implements Side {
  readonly name = 'ksmd';
  readonly host: Host;
  private copies = 0;

  constructor(
    private readonly copyPages: number,
    maxCopies: number,
    kernel: ProfileName = '6.18',
  ) {
    const clock = { nowMs: () => performance.now(), cpuMs: () => 0 };
    this.host = Host.create({ memoryBytes: copyPages * maxCopies * PAGE_SIZE + (1 << 20), guestPages: copyPages * maxCopies, kernel }, clock);
    if (this.host.profile.smartScan) this.host.set('smart_scan', 0);
    this.host.set('run', 1);
  }

  addCopy(content: Content): Promise<void> {
    const guest = `copy-${++this.copies}`;
    this.host.createGuest(guest);
    const { address } = this.host.map(guest, 'pages', this.copyPages);
    const page = new Uint8Array(PAGE_SIZE);
    const words = new DataView(page.buffer);
    for (let i = 0; i < this.copyPages; i++) {
      words.setUint32(PAGE_SIZE - 8, content === 'worst' ? i : 1, true);
      this.host.store(guest, address + i * PAGE_SIZE, page);
    }
    return Promise.resolve();
  }

  untilSharing(pages: number): Promise<Merged> {
    return Promise.resolve(this.scanUntil(() => (this.host.counters().pages_sharing ?? 0) >= pages));
  }

  settle(): Promise<void> {
    for (let i = 0; i < SETTLING_SCANS; i++) this.scanOnce();
    return Promise.resolve();
  }

  fullScan(): Promise<Merged> {
    const scans = this.host.counters().full_scans ?? 0;
    return Promise.resolve(this.scanUntil(() => (this.host.counters().full_scans ?? 0) > scans));
  }

  readLoop(): Promise<number> {
    const guest = `copy-${this.copies}`;
    const [region] = this.host.regionsOf(guest);
    if (region === undefined) throw new Error('there is no copy to read');
    const pointer = this.host.guestPointer(guest);
    const word = new Uint8Array(8);
    const start = performance.now();
    for (let i = 0; i < this.copyPages; i++) this.host.machine.load(pointer, region.address + i * PAGE_SIZE + PAGE_SIZE - 8, word);
    return Promise.resolve((performance.now() - start) / 1000);
  }

  /** Bytes of tables in use for each registered page. */
  bookkeepingBytesPerPage(): number {
    const { i32 } = this.host.machine.memory;
    const words = this.host.registeredPages() * SLOT_WORDS + i32[CTL_FRAMES_USED] * FRAME_WORDS + i32[CTL_STABLE_NODES_USED] * STABLE_NODE_WORDS;
    return (words * 4) / this.host.registeredPages();
  }

  framesInUse(): number {
    return this.host.machine.frames.used;
  }

  checksumsTaken(): number {
    return this.host.machine.memory.i32[CTL_CHECKSUMS];
  }

  /** The process's peak resident set, in bytes. */
  peakRssBytes(): number {
    const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    return Number(kib ?? 0) * 1024;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private scanOnce(): void {
    while (this.host.ksm.scan(SLICE_PAGES) === SLICE_PAGES);
  }

  private scanUntil(done: () => boolean): Merged {
    const samples: Sample[] = [];
    const start = performance.now();
    let seconds = 0;
    while (!done()) {
      this.host.ksm.scan(SLICE_PAGES);
      seconds = (performance.now() - start) / 1000;
      const last = samples.at(-1);
      if (last === undefined || seconds - last.seconds > SAMPLE_EVERY_SECONDS) samples.push({ seconds, savedBytes: this.savedBytes() });
    }
    samples.push({ seconds, savedBytes: this.savedBytes() });
    return { seconds, samples, counters: { ...this.host.counters() } };
  }

  private savedBytes(): number {
    return (this.host.counters().pages_sharing ?? 0) * PAGE_SIZE;
  }
}
