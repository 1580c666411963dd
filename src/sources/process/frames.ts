/**
 * What the running kernel says of frames, by their numbers: /proc/kpageflags. Root only
 * (CAP_SYS_ADMIN), as the numbers are.
 */
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const ENTRY_BYTES = 8;
/** Frames of a huge page. */
export const HUGE_PAGE_FRAMES = 512;
/** KPF_, in the low word of a frame's flags. */
const KSM = 1 << 21;
const THP = 1 << 22;
const ZERO_PAGE = 1 << 24;

export class FrameFlags {
  private readonly entry = Buffer.alloc(ENTRY_BYTES);
  private readonly stretch = Buffer.alloc(HUGE_PAGE_FRAMES * ENTRY_BYTES);

  private constructor(private readonly file: FileHandle) {}

  /** Undefined where the kernel does not tell, or not us. */
  static async open(): Promise<FrameFlags | undefined> {
    try {
      return new FrameFlags(await open('/proc/kpageflags', 'r'));
    } catch {
      return undefined;
    }
  }

  /** Merged by this machine's KSM. */
  isKsm(frame: number): boolean {
    return (this.flags(frame) & KSM) !== 0;
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
    const bytes = readSync(this.file.fd, this.entry, 0, ENTRY_BYTES, frame * ENTRY_BYTES);
    return bytes === ENTRY_BYTES ? this.entry.readUInt32LE(0) : 0;
  }
}
