/**
 * The files of a folder of sysfs, of which each that was written is put back as it was. Where a
 * file lists its choices, the one in brackets is what it says.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class Settings {
  /** Of each file written, what it said. */
  private readonly before = new Map<string, string>();

  constructor(private readonly folder: string) {}

  has(name: string): boolean {
    return existsSync(join(this.folder, name));
  }

  read(name: string): string {
    const text = readFileSync(join(this.folder, name), 'latin1').trim();
    return /\[(.+)\]/.exec(text)?.[1] ?? text;
  }

  /** What the kernel refuses is thrown, with its errno as `code`. */
  write(name: string, value: number | string): void {
    const before = this.read(name);
    this.put(name, String(value));
    if (!this.before.has(name)) this.before.set(name, before);
  }

  /** Last written first: what was written first had to be, for others to be taken. */
  putBack(): void {
    for (const [name, value] of [...this.before].reverse()) this.put(name, value);
    this.before.clear();
  }

  private put(name: string, value: string): void {
    writeFileSync(join(this.folder, name), value);
  }
}
