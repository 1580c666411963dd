/**
 * Memory of this process's own that KSM is let loose on: whole pages, by number, and when all is
 * measured it is given back.
 */

import { systemError } from '../../errors.js';
import type { LibC } from '../../libc.js';
import { hostPageSize } from '../../sources/host-page-size.js';

const PROT_READ_WRITE = 3;
const PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
const MADV_MERGEABLE = 12;
const MADV_HUGEPAGE = 14;
const MADV_NOHUGEPAGE = 15;
const HUGE_BYTES = 2 * 1024 * 1024;

export class MergeableMemory {
  readonly bytes: Buffer;
  private readonly mapped: unknown;
  private readonly mappedBytes: number;

  private constructor(
    private readonly libc: LibC,
    readonly pages: number,
    isHuge: boolean,
  ) {
    const length = pages * hostPageSize();
    // Room to begin at a multiple of a huge page.
    this.mappedBytes = length + HUGE_BYTES;
    const mmap = libc.declare(
      'void *mmap(void *at, size_t length, int prot, int flags, int fd, long offset)',
    );
    const madvise = libc.declare('int madvise(uintptr_t at, size_t length, int advice)');
    this.mapped = mmap(null, this.mappedBytes, PROT_READ_WRITE, PRIVATE_ANONYMOUS_NORESERVE, -1, 0);
    const base = libc.addressOf(this.mapped);
    const start = Math.ceil(base / HUGE_BYTES) * HUGE_BYTES;
    for (const advice of [isHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE, MADV_MERGEABLE])
      if (madvise(start, length, advice) !== 0)
        throw systemError({ code: libc.errno(), message: 'madvise' }, 'no mergeable memory');
    this.bytes = Buffer.from(libc.view(this.mapped, this.mappedBytes), start - base, length);
  }

  static of(libc: LibC, pages: number, isHuge = false): MergeableMemory {
    return new MergeableMemory(libc, pages, isHuge);
  }

  /** One page of it. */
  page(number: number): Buffer {
    const size = hostPageSize();
    return this.bytes.subarray(number * size, (number + 1) * size);
  }

  free(): void {
    this.libc.declare('int munmap(void *at, size_t length)')(this.mapped, this.mappedBytes);
  }
}
