/**
 * What the running kernel says of frames, by their numbers: /proc/kpageflags. The numbers are for
 * CAP_SYS_ADMIN alone: others may be able to open that file, and are told 0 for each of them.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const ENTRY_BYTES = 8;
/** Frames in a row that are read at once. */
const WINDOW_FRAMES = 64;
/** Frames of a huge page. */
export const HUGE_PAGE_FRAMES = 512;
/** KPF_, in the low word of a frame's flags. */
const KSM = 1 << 21;
const THP = 1 << 22;
const ZERO_PAGE = 1 << 24;
/** Of an entry of the pagemap, in its high word: bit 63, and the bits of a frame's number. */
export const PRESENT = 0x80000000;
export const FRAME_HIGH = 0x7fffff;

export class FrameFlags {
  /** Flags of `windowFrames` frames from `windowStart` on, as they were read last. */
  private readonly window = Buffer.alloc(WINDOW_FRAMES * ENTRY_BYTES);
  private windowStart = 0;
  private windowFrames = 0;
  private readonly stretch = Buffer.alloc(HUGE_PAGE_FRAMES * ENTRY_BYTES);

  private constructor(
    private readonly file: FileHandle,
    /** Whether this machine's KSM has merged anything: else no frame needs to be asked for. */
    private readonly hasMerged: boolean,
  ) {}

  /** Undefined where the kernel does not tell, or not us. */
  static async open(pageSize: number): Promise<FrameFlags | undefined> {
    try {
      return tellsNumbers(pageSize)
        ? new FrameFlags(await open('/proc/kpageflags', 'r'), hasMerged())
        : undefined;
    } catch {
      return undefined;
    }
  }

  /** Merged by this machine's KSM. */
  isKsm(frame: number): boolean {
    return this.hasMerged && (this.flags(frame) & KSM) !== 0;
  }

  /** The kernel's page of zeroes. */
  isZeroPage(frame: number): boolean {
    return (this.flags(frame) & ZERO_PAGE) !== 0;
  }

  /** Whether the huge page's worth of frames from `frame` on is one huge page. */
  isHugePage(frame: number): boolean {
    if (frame === 0 || frame % HUGE_PAGE_FRAMES !== 0) return false;
    const { stretch } = this;
    const bytes = readSync(this.file.fd, stretch, 0, stretch.length, frame * ENTRY_BYTES);
    if (bytes < stretch.length) return false;
    for (let at = 0; at < stretch.length; at += ENTRY_BYTES)
      if ((stretch.readUInt32LE(at) & THP) === 0) return false;
    return true;
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private flags(frame: number): number {
    let at = frame - this.windowStart;
    if (at < 0 || at >= this.windowFrames) {
      // Pages in a row often have frames in a row: then the next ones are read with it.
      const frames = at === this.windowFrames ? WINDOW_FRAMES : 1;
      const bytes = readSync(
        this.file.fd,
        this.window,
        0,
        frames * ENTRY_BYTES,
        frame * ENTRY_BYTES,
      );
      this.windowStart = frame;
      this.windowFrames = Math.floor(bytes / ENTRY_BYTES);
      at = 0;
    }
    return this.windowFrames === 0 ? 0 : this.window.readUInt32LE(at * ENTRY_BYTES);
  }
}

/** True where that cannot be told. */
function hasMerged(): boolean {
  try {
    return readFileSync('/sys/kernel/mm/ksm/pages_shared', 'latin1').trim() !== '0';
  } catch {
    return true;
  }
}

/** Of pages of this process's own, that are there, the pagemap has frames with numbers. */
function tellsNumbers(pageSize: number): boolean {
  const pagemap = openSync('/proc/self/pagemap', 'r');
  try {
    const entry = Buffer.alloc(ENTRY_BYTES);
    for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
      const at = (Number.parseInt(line, 16) / pageSize) * ENTRY_BYTES;
      if (!Number.isSafeInteger(at) || line.endsWith('[vsyscall]')) continue;
      if (readSync(pagemap, entry, 0, ENTRY_BYTES, at) < ENTRY_BYTES) continue;
      const high = entry.readUInt32LE(4);
      if (high >= PRESENT) return entry.readUInt32LE(0) !== 0 || (high & FRAME_HIGH) !== 0;
    }
    return false;
  } finally {
    closeSync(pagemap);
  }
}
