/**
 * A tree as plain files in a directory: what it showed a moment ago, for who cannot have a mount.
 *
 * The picture is drawn again now and then, and at once where a tunable was written: all files from
 * one sample, and only those that have changed. What others write is taken up by the tree as soon
 * as it is noticed; they have gone on by then, and whoever failed is told to the owner alone.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { removeIfEmpty } from '../../claim.js';
import type { OwnDirectory } from '../own-directory.js';
import { type Directory, type File, isDirectory } from '../tree.js';
import { KernelFile } from './kernel-file.js';
import { TunableFile } from './tunable-file.js';

/** What all files of a tree show at one moment, by their paths in the order of the tree. */
export type Sample = ReadonlyMap<string, Shown>;

interface Shown {
  readonly file: File;
  readonly text: string;
}

/** Nothing else happens on this thread meanwhile. */
export function sampleOf(tree: Directory): Sample {
  return new Map(samples(tree, ''));
}

function* samples(directory: Directory, path: string): Generator<[string, Shown]> {
  for (const [name, entry] of directory.entries()) {
    if (isDirectory(entry)) yield* samples(entry, `${path}${name}/`);
    else yield [path + name, { file: entry, text: entry.text() }];
  }
}

export interface PictureOwner {
  /** Resolves once what was written to a file is taken or refused. */
  write(path: string, file: File, text: string): Promise<void>;
  /** A file cannot be read or written any more. */
  failed(error: unknown): void;
}

/** Calls what may fail, and goes on. */
export type Attempt = (change: () => void) => void;

export class Picture {
  private readonly readable = new Map<string, KernelFile>();
  private readonly writable = new Map<string, TunableFile>();
  private texts: Sample;

  /**
   * What an earlier daemon has left is taken over where it is still there, and otherwise removed.
   * Throws what the file system does; nothing is open then.
   */
  constructor(
    private readonly directory: OwnDirectory,
    first: Sample,
    private readonly owner: PictureOwner,
  ) {
    this.texts = first;
    try {
      directory.clear(new Set(first.keys()));
      this.draw(first, (change) => change());
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Shows the sample: what is named first is written last, so that whoever finds a new count of
   * full scans finds nothing older than that beside it.
   */
  draw(sample: Sample, attempt: Attempt): void {
    this.texts = sample;
    for (const path of this.paths()) if (!sample.has(path)) attempt(() => this.remove(path));
    for (const [path, { file, text }] of [...sample].reverse())
      attempt(() => this.show(path, file, text));
  }

  /** Looks after what others may have done to the files. */
  look(attempt: Attempt): void {
    for (const [path, { text }] of this.texts) {
      attempt(() => this.writable.get(path)?.look(text));
      const file = this.readable.get(path);
      attempt(() => {
        if (file?.isReplaced) this.putBack(path, file, text);
        // Root can write also what others can only read.
        else if (file !== undefined && file.read() !== file.shown) file.show(text);
      });
    }
  }

  /** Whatever others have put there stays. */
  removeAll(): void {
    for (const path of this.paths()) this.remove(path);
  }

  private close(): void {
    for (const file of [...this.readable.values(), ...this.writable.values()]) file.close();
  }

  private paths(): string[] {
    return [...this.readable.keys(), ...this.writable.keys()];
  }

  private show(path: string, file: File, text: string): void {
    const readable = this.readable.get(path);
    const writable = this.writable.get(path);
    if (readable === undefined && writable === undefined) this.add(path, file, text);
    else if (readable !== undefined && readable.shown !== text && !readable.isReplaced)
      readable.show(text);
    writable?.show(text);
  }

  private add(path: string, file: File, text: string): void {
    this.makeDirectories(path);
    const plain = KernelFile.open(join(this.directory.path, path), file.mode, text);
    if (file.write === undefined) this.readable.set(path, plain);
    else
      this.writable.set(
        path,
        new TunableFile(plain, {
          text: () => file.text(),
          write: (written) => this.owner.write(plain.path, file, written),
          failed: (error) => this.owner.failed(error),
        }),
      );
  }

  private putBack(path: string, file: KernelFile, text: string): void {
    this.makeDirectories(path);
    file.putBack(text);
  }

  private remove(path: string): void {
    (this.readable.get(path) ?? this.writable.get(path))?.close();
    this.readable.delete(path);
    this.writable.delete(path);
    rmSync(join(this.directory.path, path), { force: true });
    for (let above = dirname(path); above !== '.'; above = dirname(above))
      removeIfEmpty(join(this.directory.path, above));
  }

  /** Those above a file; not the one that the picture is in. */
  private makeDirectories(path: string): void {
    const names = path.split('/').slice(0, -1);
    for (const [i] of names.entries())
      makeIfMissing(join(this.directory.path, ...names.slice(0, i + 1)));
  }
}

function makeIfMissing(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
