/**
 * A process's mappings, as /proc/PID/smaps tells them: where they are, what they are of, and
 * whether KSM may look at them at all, or does now.
 */

/** Sizes in bytes. */
export interface ProcessMapping {
  readonly address: number;
  readonly length: number;
  /** Of a file; '' where there is none. */
  readonly path: string;
  /** Resident, of whatever kind. */
  readonly rssBytes: number;
  /** Of that, what is the process's own and of no file. */
  readonly anonymousBytes: number;
  readonly swapBytes: number;
  readonly hugetlbBytes: number;
  /** Letters of VmFlags. */
  readonly flags: ReadonlySet<string>;
}

/** Why KSM looks at no page of a mapping, whatever is advised. Linux: vma_ksm_compatible. */
export type Exclusion = 'shared' | 'hugetlb' | 'device';

const HEAD = /^([0-9a-f]+)-([0-9a-f]+) \S{4} \S+ \S+ \d+\s*(.*)$/;
const FIELD = /^(\w+): +(\d+) kB$/;
const FLAGS = 'VmFlags: ';
const KIB = 1024;

/** In order of address. The gate at the end of the address space is no mapping of the process's. */
export function parseSmaps(text: string): ProcessMapping[] {
  const mappings: ProcessMapping[] = [];
  let head: { address: number; length: number; path: string } | undefined;
  let sizes: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const field = FIELD.exec(line);
    if (field !== null) {
      sizes[field[1] ?? ''] = Number(field[2]) * KIB;
      continue;
    }
    if (line.startsWith(FLAGS)) {
      if (head !== undefined && head.path !== '[vsyscall]')
        mappings.push(mappingOf(head, sizes, line.slice(FLAGS.length)));
      continue;
    }
    const [, from, to, path = ''] = HEAD.exec(line) ?? [];
    if (from === undefined || to === undefined) continue;
    const address = Number.parseInt(from, 16);
    head = { address, length: Number.parseInt(to, 16) - address, path };
    sizes = {};
  }
  return mappings;
}

function mappingOf(
  head: Pick<ProcessMapping, 'address' | 'length' | 'path'>,
  sizes: Readonly<Record<string, number>>,
  flags: string,
): ProcessMapping {
  const { Rss = 0, Anonymous = 0, Swap = 0 } = sizes;
  const { Private_Hugetlb = 0, Shared_Hugetlb = 0 } = sizes;
  return {
    ...head,
    rssBytes: Rss,
    anonymousBytes: Anonymous,
    swapBytes: Swap,
    hugetlbBytes: Private_Hugetlb + Shared_Hugetlb,
    flags: new Set(flags.trim().split(' ')),
  };
}

export function exclusionOf({ flags }: ProcessMapping): Exclusion | undefined {
  const has = (...letters: string[]): boolean => letters.some((letter) => flags.has(letter));
  if (has('ht')) return 'hugetlb';
  // A shared mapping that may only be read has the second alone.
  if (has('sh', 'ms')) return 'shared';
  if (has('pf', 'io', 'de', 'mm', 'dp')) return 'device';
  return undefined;
}

/** It has been advised, by madvise or because its process merges any: KSM looks at it now. */
export function isAdvised({ flags }: ProcessMapping): boolean {
  return flags.has('mg');
}
