/** What a snapshot's header says, as JSON. */
import { type Static, Type } from 'typebox';
import { MAX_NUMA_NODES } from '../core/layout.js';
import { TOO_MANY_PAGES } from '../machine/geometry.js';
import { MOST_IN_A_SAMPLE, NAME_PATTERN } from '../names.js';

const Name = Type.String({ pattern: NAME_PATTERN });
const Ordinal = Type.Integer({ minimum: 1, maximum: TOO_MANY_PAGES });
const NumaNode = Type.Integer({ minimum: 0, maximum: MAX_NUMA_NODES - 1 });
const Counted = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 });

const Region = Type.Object({
  name: Name,
  address: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  pages: Type.Integer({ minimum: 1, maximum: TOO_MANY_PAGES }),
  /** That its memory comes from; absent: its guest's. */
  node: Type.Optional(NumaNode),
  /** A letter a stretch, if it is advised to huge pages. */
  stretches: Type.Optional(Type.String({ pattern: '^[hs.]*$' })),
  /** It is, and was touched since. */
  touched: Type.Optional(Type.Boolean()),
  /** If a fork has copied or made it: a number that those have which were one before. */
  kin: Type.Optional(Ordinal),
});

export const Header = Type.Object({
  kernel: Type.String(),
  pageSize: Type.Integer(),
  /** Absent: a frame holds a whole page. */
  frameBytes: Type.Optional(Type.Integer()),
  /** Of fingerprints a sample of one in so many; absent: all. */
  oneIn: Type.Optional(Type.Integer({ minimum: 2, maximum: MOST_IN_A_SAMPLE })),
  /** Of the key that fingerprints are made with, where it holds any. */
  keyId: Type.Optional(Type.String({ pattern: '^[0-9a-f]{16}$' })),
  frames: Type.Integer({ minimum: 0 }),
  marked: Type.Optional(Type.Boolean()),
  tunables: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()])),
  guests: Type.Array(
    Type.Object({
      name: Name,
      node: NumaNode,
      /** All that it maps is mergeable. */
      mergesAny: Type.Optional(Type.Literal(true)),
      /** What its counters are said to be more than they are. */
      inherited: Type.Optional(Type.Object({ items: Counted, merging: Counted })),
      /** Its place among those that khugepaged goes over. */
      khugepaged: Type.Optional(Ordinal),
      regions: Type.Array(Region),
    }),
  ),
});

export type SnapshotHeader = Static<typeof Header>;
export type SnapshotRegion = Static<typeof Region>;
