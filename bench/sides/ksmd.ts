/**
 * ksmd's side: a host of its own in this process, scanned by the calling thread as the daemon's
 * scanner thread does it.
 */
import {
  CTL_CHECKSUMS,
  CTL_FRAMES_USED,
  CTL_PAGES_SHARING,
  CTL_SEQNR,
  CTL_STABLE_NODES_USED,
  FRAME_WORDS,
  SLOT_WORDS,
  STABLE_NODE_WORDS,
} from '../../src/core/layout.js';
import type { Host } from '../../src/ksm/host.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import type { Work } from '../row.js';
import { ScannedHost } from './scanned-host.js';
import {
  type CopyContent,
  lastWord,
  type Merged,
  PAGE_SIZE,
  type Sample,
  SETTLING_SCANS,
  type Side,
  thinned,
} from './side.js';

/**
 * So many samples at least while a copy is scanned, unless it is very small. A sample takes less
 * than 1 µs.
 */
const SAMPLES_A_COPY = 64;
/** Pages scanned between two samples. */
const SLICE_PAGES = { least: 64, most: 1024 };
/** Unmerged at the same time are two copies at most. */
const MOST_COPIES_IN_MEMORY = 2;
/** Whatever has not merged then never will. */
const MOST_FULL_SCANS = 16;

export interface KsmdMerged extends Merged {
  /**
   * How many pages had been scanned when the first page merged, in full scans: below 1, it merged
   * as it was seen for the first time.
   */
  readonly scansUntilFirstMerge: number;
}

export class KsmdSide implements Side {
  readonly name = 'ksmd';
  readonly maxPageSharing: number;
  private readonly scanner: ScannedHost;
  private readonly slicePages: number;
  private copies = 0;

  constructor(
    private readonly copyPages: number,
    maxCopies: number,
    kernel: ProfileName,
  ) {
    const memoryBytes =
      copyPages * Math.min(maxCopies, MOST_COPIES_IN_MEMORY) * PAGE_SIZE + (1 << 20);
    this.scanner = new ScannedHost({ memoryBytes, guestPages: copyPages * maxCopies, kernel });
    this.slicePages = Math.max(
      SLICE_PAGES.least,
      Math.min(SLICE_PAGES.most, Math.floor(copyPages / SAMPLES_A_COPY)),
    );
    if (this.host.profile.smartScan) this.host.files.set('smart_scan', 0);
    this.maxPageSharing =
      this.host.profile.chains === 'none'
        ? Number.POSITIVE_INFINITY
        : Number(this.host.files.tunables().max_page_sharing);
  }

  addCopy(content: CopyContent): Promise<void> {
    const guest = `copy-${++this.copies}`;
    this.host.createGuest(guest);
    const { address } = this.host.map(guest, 'pages', this.copyPages);
    const page = new Uint8Array(PAGE_SIZE);
    const view = new DataView(page.buffer);
    for (let i = 0; i < this.copyPages; i++) {
      view.setUint32(PAGE_SIZE - 8, lastWord(content, i), true);
      this.host.memory.store(guest, address + i * PAGE_SIZE, page);
    }
    return Promise.resolve();
  }

  untilSharing(pages: number, tell?: (sharing: number) => void): Promise<KsmdMerged> {
    return Promise.resolve(
      this.scanUntil(() => {
        const sharing = this.sharing();
        tell?.(sharing);
        return sharing >= pages;
      }),
    );
  }

  settle(): Promise<void> {
    for (let i = 0; i < SETTLING_SCANS; i++) this.scanner.finishFullScan();
    return Promise.resolve();
  }

  fullScan(): Promise<KsmdMerged> {
    const scans = this.fullScans();
    return Promise.resolve(this.scanUntil(() => this.fullScans() > scans));
  }

  readLoop(): Promise<number> {
    const start = performance.now();
    this.lastWordsOf(this.copies);
    return Promise.resolve((performance.now() - start) / 1000);
  }

  writeLoop(value: number): Promise<number> {
    const { address, pointer } = this.copy(this.copies);
    const word = new Uint8Array(Uint32Array.of(value).buffer);
    const start = performance.now();
    for (let i = 0; i < this.copyPages; i += 2)
      this.host.machine.store(pointer, address + i * PAGE_SIZE, word);
    return Promise.resolve((performance.now() - start) / 1000);
  }

  /**
   * What KSM has counted and what the guests hold: the sum of the last words of all copies' pages.
   */
  work(): Work {
    let sum = 0;
    for (let copy = 1; copy <= this.copies; copy++) sum += this.lastWordsOf(copy);
    return {
      ...this.host.files.counters(),
      frames_in_use: this.framesInUse(),
      sum_of_last_words: sum,
    };
  }

  /** Bytes of tables in use for each registered page. */
  bookkeepingBytesPerPage(): number {
    const { i32 } = this.host.machine.memory;
    const words =
      this.host.slotsInUse() * SLOT_WORDS +
      i32[CTL_FRAMES_USED] * FRAME_WORDS +
      i32[CTL_STABLE_NODES_USED] * STABLE_NODE_WORDS;
    return (words * 4) / this.host.slotsInUse();
  }

  framesInUse(): number {
    return this.host.machine.frames.used;
  }

  checksumsTaken(): number {
    return this.host.machine.memory.i32[CTL_CHECKSUMS];
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private get host(): Host {
    return this.scanner.host;
  }

  private scanUntil(done: () => boolean): KsmdMerged {
    const samples: Sample[] = [{ seconds: 0, savedBytes: this.sharing() * PAGE_SIZE }];
    const sharingAtStart = this.sharing();
    const scannedAtStart = this.scanner.scanned;
    const lastScan = this.fullScans() + MOST_FULL_SCANS;
    let scannedUntilFirst = -1;
    let seconds = 0;
    const start = performance.now();
    while (!done()) {
      if (this.fullScans() > lastScan)
        throw new Error(
          `after ${MOST_FULL_SCANS} full scans only ${this.sharing()} pages are sharing`,
        );
      const { scanned } = this.scanner;
      this.scanner.scan(this.slicePages);
      seconds = (performance.now() - start) / 1000;
      samples.push({ seconds, savedBytes: this.sharing() * PAGE_SIZE });
      if (scannedUntilFirst < 0 && this.sharing() > sharingAtStart)
        scannedUntilFirst = scanned - scannedAtStart;
    }
    return {
      seconds,
      samples: thinned(samples),
      scansUntilFirstMerge: scannedUntilFirst / this.host.slotsInUse(),
    };
  }

  private sharing(): number {
    return this.host.machine.memory.i32[CTL_PAGES_SHARING];
  }

  private fullScans(): number {
    return this.host.machine.memory.i32[CTL_SEQNR] >>> 0;
  }

  private lastWordsOf(copy: number): number {
    const { address, pointer } = this.copy(copy);
    const tail = new Uint8Array(8);
    const view = new DataView(tail.buffer);
    let sum = 0;
    for (let i = 0; i < this.copyPages; i++) {
      this.host.machine.load(pointer, address + i * PAGE_SIZE + PAGE_SIZE - 8, tail);
      sum += view.getUint32(0, true);
    }
    return sum;
  }

  private copy(number: number): { readonly address: number; readonly pointer: number } {
    const guest = `copy-${number}`;
    const [region] = this.host.guests.regionsOf(guest);
    if (region === undefined) throw new Error('there is no such copy');
    return { address: region.address, pointer: this.host.guests.pointer(guest) };
  }
}
