/**
 * Which frames of the running kernel are parts of transparent huge pages, from /proc/kpageflags.
 * Root only (CAP_SYS_ADMIN): for others a process's pages are as if none lay in a huge page.
 */
import { type FileHandle, open } from 'node:fs/promises';

const ENTRY_BYTES = 8;
/** Frames of a huge page. */
export const HUGE_PAGE_FRAMES = 512;
/** KPF_THP, in the low word of a frame's flags. */
const THP = 1 << 22;

export class HugePages {
  private constructor(private readonly flags: FileHandle) {}

  /** Undefined where the kernel does not tell, or not us. */
  static async open(): Promise<HugePages | undefined> {
    try {
      return new HugePages(await open('/proc/kpageflags', 'r'));
    } catch {
      return undefined;
    }
  }

  /** Whether the huge page's worth of frames from `frame` on is one huge page. */
  async startsAt(frame: number): Promise<boolean> {
    if (frame === 0 || frame % HUGE_PAGE_FRAMES !== 0) return false;
    const entries = Buffer.alloc(HUGE_PAGE_FRAMES * ENTRY_BYTES);
    const { bytesRead } = await this.flags.read(entries, 0, entries.length, frame * ENTRY_BYTES);
    if (bytesRead < entries.length) return false;
    for (let at = 0; at < entries.length; at += ENTRY_BYTES)
      if ((entries.readUInt32LE(at) & THP) === 0) return false;
    return true;
  }

  close(): Promise<void> {
    return this.flags.close();
  }
}
