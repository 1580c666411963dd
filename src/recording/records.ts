/**
 * What a recording tells, sweep by sweep: each record says what has changed since the one before.
 * Pages are counted from the beginning of a guest's addresses: page 1 is at `pageSize`.
 */

export interface GuestFacts {
  readonly name: string;
  /** 0: an image. */
  readonly pid: number;
  /** The program's name, as the kernel has it; of an image, its format. */
  readonly comm: string;
  /** Ticks since the host's start: tells who was there first. */
  readonly startedTicks: number;
  /** PR_SET_MEMORY_MERGE is set. */
  readonly mergesAny: boolean;
  /** A device may write to its memory: KSM merges none of it. */
  readonly isPinned: boolean;
  /**
   * False: its frames had no numbers. What a fork shares is guessed then, and what the host's own
   * KSM has merged is not told.
   */
  readonly tellsFrames?: boolean;
}

/** Came, or came to be another: with a number that no other guest of the recording has. */
export interface GuestRecord extends GuestFacts {
  readonly type: 'guest';
  readonly guest: number;
}

export interface GuestGoneRecord {
  readonly type: 'guest-gone';
  readonly guest: number;
}

export interface MappingFacts {
  readonly page: number;
  readonly pages: number;
  /** MAPPING_ */
  readonly flags: number;
  /** The NUMA node that most of it lies on, if told. */
  readonly node: number | undefined;
  /** What it is of: a file, `[heap]`, or nothing. */
  readonly label: string;
}

/** Came, or has other facts now. One mapping of a guest begins at a page. */
export interface MappingRecord extends MappingFacts {
  readonly type: 'mapping';
  readonly guest: number;
}

export interface MappingGoneRecord {
  readonly type: 'mapping-gone';
  readonly guest: number;
  readonly page: number;
}

/** Pages in a row that are something else now, all of one kind with the same marks. */
export interface PagesRecord {
  readonly type: 'pages';
  readonly guest: number;
  readonly page: number;
  readonly pages: number;
  /** PAGE_ kind, and marks. */
  readonly state: number;
  /** Of PAGE_CONTENT: 16 bytes each. Whoever keeps it copies it. */
  readonly fingerprints?: Buffer;
  /** Of PAGE_SHARED: whose frames they are. */
  readonly owner?: number;
}

/** All numbers that the header names, of a guest or (no guest) the host. */
export interface NumbersRecord {
  readonly type: 'numbers';
  readonly guest: number | undefined;
  readonly values: readonly number[];
}

/** Settings that are others now. */
export interface FactsRecord {
  readonly type: 'facts';
  readonly facts: Readonly<Record<string, string>>;
}

/** How alike pages of a mapping are before they differ: PREFIX_BINS counts of a few of them. */
export interface PrefixesRecord {
  readonly type: 'prefixes';
  readonly guest: number;
  /** Where the mapping begins. */
  readonly page: number;
  readonly counts: readonly number[];
}

/** So many pages outside the sample have changed, and are outside it still. */
export interface UnsampledChangesRecord {
  readonly type: 'unsampled-changes';
  readonly guest: number;
  readonly pages: number;
}

/** The sweep is over. */
export interface EndRecord {
  readonly type: 'end';
  /** Milliseconds since the recording's start. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Processor time that it cost. */
  readonly processorMs: number;
}

export type SweepRecord =
  | GuestRecord
  | GuestGoneRecord
  | MappingRecord
  | MappingGoneRecord
  | PagesRecord
  | NumbersRecord
  | FactsRecord
  | PrefixesRecord
  | UnsampledChangesRecord
  | EndRecord;
