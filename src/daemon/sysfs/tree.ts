/**
 * A tree of the kernel's files: what there is, who may do what with it, what it shows and what
 * becomes of what is written to it. How programs come to see it, as a mount or as a picture of it
 * in plain files, is another matter.
 */

export interface File {
  /** Permissions, as the kernel's. */
  readonly mode: number;
  /** Newline included. KsmdError if what it tells of is gone. */
  text(): string;
  /** Resolves once `text` tells of this moment. Absent: it always does. */
  look?(): Promise<void>;
  /**
   * Takes what was written; resolves when it is done, rejects with what the kernel refuses. Absent:
   * it can only be read.
   */
  write?(text: string): Promise<void>;
}

export interface Directory {
  readonly mode: number;
  /** Whether what is in it stays what it is. */
  readonly isFixed: boolean;
  entries(): Iterable<readonly [name: string, entry: Entry]>;
  entry(name: string): Entry | undefined;
}

export type Entry = File | Directory;

export function isDirectory(entry: Entry): entry is Directory {
  return 'entry' in entry;
}

/** What is always there: files by their paths, in the order in which they are named. */
export function fixedDirectory(mode: number, files: ReadonlyMap<string, File>): Directory {
  const below = new Map<string, Map<string, File>>();
  const entries = new Map<string, Entry>();
  for (const [path, file] of files) {
    const [, first = '', rest] = /^([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
    if (rest === undefined) entries.set(first, file);
    else {
      const others = below.get(first) ?? new Map<string, File>();
      below.set(first, others.set(rest, file));
    }
  }
  for (const [name, inIt] of below) entries.set(name, fixedDirectory(mode, inIt));
  return { mode, isFixed: true, entries: () => entries, entry: (name) => entries.get(name) };
}
