/**
 * How a suite gets at the KSM that it tests: files to read and write, and processes with memory.
 * A suite is written against this alone, so that it says the same to the running kernel, to ksmd
 * over its socket, and to ksmd by the kernel's files.
 *
 * What is refused is thrown, with the errno's name as `code`.
 */

/** Files of /sys/kernel/mm/ksm that hold a number. */
export interface KsmFiles {
  read(name: string): Promise<number>;
  write(name: string, value: number): Promise<void>;
}

export interface Footprint {
  /** Its mappings' pages that have a frame, but for the zero page. */
  readonly residentPages: number;
  /** The same, but of a frame that is mapped n times an n-th. */
  readonly proportionalPages: number;
}

export interface MapOptions {
  /** Advised to huge pages. */
  readonly huge?: boolean;
  /** The NUMA node that its pages come from. */
  readonly node?: number | undefined;
}

export type Advice = 'mergeable' | 'unmergeable' | 'dontneed';

/** What is told of a process from outside. */
export interface Told {
  /** The lines of its ksm_stat, by name. */
  ksmStat(): Promise<Readonly<Record<string, string>>>;
  ksmMergingPages(): Promise<number>;
  footprint(): Promise<Footprint>;
}

/** A process, or a guest of ksmd. Addresses and lengths are bytes, of whole pages but in stores. */
export interface Process extends Told {
  /** Private and anonymous, nothing of it touched yet. */
  map(address: number, length: number, options: MapOptions): Promise<void>;
  store(address: number, bytes: Uint8Array): Promise<void>;
  load(address: number, length: number): Promise<Uint8Array>;
  advise(address: number, length: number, advice: Advice): Promise<void>;
  /** Its child, that shares all it has until one of both writes. */
  fork(): Promise<Process>;
  /** PR_SET_MEMORY_MERGE: all that it has and will map is mergeable, or nothing is. */
  setMemoryMerge(merge: boolean): Promise<void>;
  /** PR_GET_MEMORY_MERGE. */
  memoryMerge(): Promise<boolean>;
  /** It becomes another program, without memory. */
  exec(): Promise<void>;
  /** It is killed; its memory is given back by then. */
  exit(): Promise<void>;
}

export interface Way extends KsmFiles {
  /** A new process, without memory yet. */
  start(): Promise<Process>;
  /** Ends the processes that are left. */
  clear(): Promise<void>;
  /** Leaves everything as it was found. */
  close(): Promise<void>;
}
