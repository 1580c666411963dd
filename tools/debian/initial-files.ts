/**
 * A Linux's first files: an archive in cpio's `newc` format, which a kernel unpacks into memory
 * before it starts /init (Documentation/driver-api/early-userspace/buffer-format.rst).
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const FOLDER = 0o040755;
const PROGRAM = 0o100755;
const LINK = 0o120777;
const ALIGNMENT = 4;
const END = 'TRAILER!!!';

export class InitialFiles {
  private readonly file: number;
  private readonly folders = new Set<string>(['.', '/']);
  private readonly added = new Set<string>();
  private entries = 0;

  constructor(path: string) {
    this.file = openSync(path, 'w');
  }

  addFolder(path: string): void {
    if (this.folders.has(path)) return;
    this.addFolder(dirname(path));
    this.folders.add(path);
    this.add(path, FOLDER, Buffer.alloc(0));
  }

  addFile(path: string, content: Buffer | string): void {
    if (this.added.has(path)) return;
    this.added.add(path);
    this.addFolder(dirname(path));
    this.add(path, PROGRAM, Buffer.from(content));
  }

  /** What lies in a folder, or a file, of this machine; `to` is where it is to lie. */
  copy(from: string, to = from): void {
    const stat = lstatSync(from);
    if (stat.isSymbolicLink()) {
      this.addFolder(dirname(to));
      this.add(to, LINK, Buffer.from(readlinkSync(from)));
    } else if (stat.isDirectory())
      for (const name of readdirSync(from)) this.copy(join(from, name), join(to, name));
    else if (stat.isFile()) this.addFile(to, readFileSync(from));
  }

  /** A program of this machine's, with the libraries that it loads. */
  copyProgram(path: string): void {
    const libraries = execFileSync('ldd', [path], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g);
    for (const file of [path, ...[...libraries].map(([, library = '']) => library)])
      this.addFile(file, readFileSync(realpathSync(file)));
  }

  close(): void {
    this.add(END, 0, Buffer.alloc(0));
    closeSync(this.file);
  }

  private add(path: string, mode: number, content: Buffer): void {
    const name = `${path.replace(/^\//, '')}\0`;
    // Number, mode, owner and group, links, time, length, four of devices, length of the name, sum.
    const fields = [++this.entries, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
    const hex = fields.map((field) => field.toString(16).padStart(8, '0')).join('');
    this.write(Buffer.from(`070701${hex}${name}`));
    this.write(content);
  }

  private write(bytes: Buffer): void {
    writeSync(this.file, bytes);
    writeSync(this.file, Buffer.alloc(-bytes.length & (ALIGNMENT - 1)));
  }
}
