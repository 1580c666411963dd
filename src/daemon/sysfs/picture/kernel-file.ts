/**
 * A file as the kernel keeps it: one short text, newline included, that readers keep open and read
 * again from its start.
 *
 * It is written in place, so its inode stays. A file system does not change bytes and length in one
 * step. So bytes are written over bytes, with newlines where the text does not reach, or not yet.
 * Whoever reads in between finds the text before or the text after, perhaps with empty lines below
 * it, never half of one or nothing. One case remains: a read that copies these few bytes while they
 * are being written. A reader that does nothing else met it once in tens of thousands of changes.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
/** More than any of these files holds, and what the kernel takes of a write at most. */
const MOST_BYTES = 4096;
const OWNER_ONLY = 0o600;

export class KernelFile {
  private text = '';

  private constructor(
    readonly path: string,
    private readonly mode: number,
    private fd: number,
  ) {}

  /** Makes the file, or takes over one that a daemon left behind, and shows `text`. */
  static open(path: string, mode: number, text: string): KernelFile {
    const file = new KernelFile(path, mode, openOwn(path));
    try {
      file.begin(text);
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
    const buffer = Buffer.allocUnsafe(MOST_BYTES);
    return buffer.toString('latin1', 0, readSync(this.fd, buffer, 0, MOST_BYTES, 0));
  }

  /** Somebody has removed it, or put another in its place, as editors do that save by renaming. */
  get isReplaced(): boolean {
    return fstatSync(this.fd).nlink === 0;
  }

  /**
   * Puts a file of the daemon's own back in its place, which shows `text`. What the other one held;
   * nothing if that cannot be a write.
   */
  putBack(text: string): string {
    const there = lstatSync(this.path, { throwIfNoEntry: false });
    const held =
      there?.isFile() && there.size <= MOST_BYTES ? readFileSync(this.path, 'latin1') : '';
    rmSync(this.path, { force: true, recursive: false });
    const fd = openOwn(this.path);
    this.close();
    this.fd = fd;
    this.begin(text);
    return held;
  }

  private begin(text: string): void {
    this.show(text);
    // Whatever the umask is.
    fchmodSync(this.fd, this.mode);
  }

  /**
   * Where the text is there already, as whoever wrote it has left it, nothing is written: another
   * write that comes at this instant is not written over.
   */
  show(text: string): void {
    if (this.read() !== text) this.writeOver(text);
    this.text = text;
  }

  private writeOver(text: string): void {
    // What a writer has made larger than any write is cut first: it is not to be filled.
    if (fstatSync(this.fd).size > MOST_BYTES) ftruncateSync(this.fd, MOST_BYTES);
    const { size } = fstatSync(this.fd);
    // Into an empty file the text comes in one step.
    if (size > 0 && size < text.length) writeSync(this.fd, '\n'.repeat(text.length - size), size);
    writeSync(this.fd, text.padEnd(size, '\n'), 0);
    if (size > text.length) ftruncateSync(this.fd, text.length);
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
