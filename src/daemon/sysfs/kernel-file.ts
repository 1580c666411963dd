/**
 * A file as the kernel keeps it: one short text, newline included, that readers keep open and read again from its start.
 *
 * It is written in place, so its inode stays. A file system does not change bytes and length in one step; so bytes are written over bytes, and what is
 * too long or not written yet is newlines. Whoever reads in between finds the text before or the text after, perhaps with empty lines below it, never
 * half of one or nothing. What remains is a read that copies these few bytes while they are being copied: a reader that does nothing else met it once in
 * tens of thousands of changes.
 */
import { chmodSync, closeSync, constants, fchmodSync, fstatSync, ftruncateSync, lstatSync, openSync, readSync, writeSync } from 'node:fs';

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
/** More than any of these files holds, and what the kernel takes of a write at most. */
const PAGE_BYTES = 4096;
const OWNER_ONLY = 0o600;

export class KernelFile {
  private text = '';

  private constructor(
    readonly path: string,
    private readonly fd: number,
  ) {}

  /** Makes the file, or takes over one that a daemon left behind, and shows `text`. */
  static open(path: string, mode: number, text: string): KernelFile {
    const file = new KernelFile(path, openOwn(path));
    try {
      file.show(text);
      // Whatever the umask is.
      fchmodSync(file.fd, mode);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** What was last shown. */
  get shown(): string {
    return this.text;
  }

  /** What it holds: what was last shown, unless others wrote it. */
  read(): string {
    const buffer = Buffer.allocUnsafe(PAGE_BYTES);
    return buffer.toString('latin1', 0, readSync(this.fd, buffer, 0, PAGE_BYTES, 0));
  }

  show(text: string): void {
    const { size } = fstatSync(this.fd);
    // Into an empty file the text comes in one step.
    if (size > 0 && size < text.length) writeSync(this.fd, '\n'.repeat(text.length - size), size);
    writeSync(this.fd, text.padEnd(size, '\n'), 0);
    if (size > text.length) ftruncateSync(this.fd, text.length);
    this.text = text;
  }

  close(): void {
    closeSync(this.fd);
  }
}

function openOwn(path: string): number {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return openSync(path, O_RDWR | O_CREAT | O_EXCL, OWNER_ONLY);
  // It may be one that not even its owner could write.
  if (there.isFile()) chmodSync(path, OWNER_ONLY);
  return openSync(path, O_RDWR | O_NOFOLLOW);
}
