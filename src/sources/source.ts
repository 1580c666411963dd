/**
 * Where a guest's memory comes from: a process, an image, a stream. One interface, so that whoever
 * takes memory in asks nobody what it was.
 *
 * A source is read once, from its beginning to its end. On the way it says what is mapped where,
 * and what is in it. What it leaves out it counts, by reason. It promises nothing of bytes that
 * change while it is read.
 */

/**
 * Part of a guest's addresses that is to be a region. It comes before any run in it, and overlaps
 * none that came before.
 */
export interface Mapping {
  readonly type: 'mapping';
  /** Bytes, a whole page. */
  readonly address: number;
  readonly pages: number;
  /** What a region is called by rule (names.ts), and no other of the source's: `pc.ram`. */
  readonly name?: string;
  /** In huge pages: a first touch takes a whole one. */
  readonly huge?: boolean;
  /** The NUMA node that it lies on, if the source knows. */
  readonly node?: number;
  /** KSM looks at it: default true. */
  readonly mergeable?: boolean;
}

/** Pages in a row that are present, of one mapping. What no run tells of is untouched. */
export interface Run {
  readonly type: 'run';
  /** Bytes, a whole page. */
  readonly address: number;
  /** Whole pages. Theirs until the next item is asked for: who keeps them longer copies them. */
  readonly bytes: Uint8Array;
}

/** What is there and is not read, and why: `swap`, `shared`, `unreadable`. */
export interface LeftOut {
  readonly reason: string;
  readonly bytes: number;
}

export interface Source {
  /** What it is, for people: `ELF core`, `process 1234 (qemu-system-x86)`. */
  readonly title: string;
  /**
   * `virtual`: the addresses that a process has. `physical`: those of a machine's memory, which
   * begins at 0, as no region may.
   */
  readonly addresses: 'virtual' | 'physical';
  /** Bytes. */
  readonly pageSize: number;
  /** Of all runs together, at most, to tell how far reading is; undefined if it cannot know. */
  readonly totalBytes: number | undefined;
  /**
   * All that it has. To be called once. Rejects with a KsmdError whose message names the place if
   * it is not what it says it is, or ends early: then nothing that came before is to be believed.
   */
  read(): AsyncGenerator<Mapping | Run, void, undefined>;
  /** Where later runs may replace earlier ones: bytes that are present, once all is read. */
  readonly presentBytes?: number;
  /** Complete once all is read. */
  readonly leftOut: readonly LeftOut[];
  close(): Promise<void>;
}
