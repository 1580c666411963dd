/** What a recording says as JSON: its header, and facts in records. */
import { Type } from 'typebox';

const VERSION = 1;
/** The kernel can be made for no more (CONFIG_NODES_SHIFT is 10 at most). */
export const MOST_NODES = 1024;

const Numbers = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 52 });

export const HeaderSchema = Type.Object({
  version: Type.Literal(VERSION),
  /** What wrote it: `ksmd 0.1.0`. */
  writer: Type.String({ maxLength: 64 }),
  host: Type.String({ minLength: 1, maxLength: 253 }),
  /** uname's release and machine: `6.1.0-18-amd64 x86_64`. */
  kernel: Type.String({ maxLength: 256 }),
  pageSize: Type.Integer({ minimum: 1024, maximum: 65536 }),
  /** Ticks a second of the kernel's timer, where it tells: CONFIG_HZ. */
  hz: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  processors: Type.Integer({ minimum: 1 }),
  /** Milliseconds since 1970, at which times begin. */
  startedAtMs: Type.Number({ minimum: 0, maximum: 8.64e15 }),
  /** Milliseconds from one sweep's begin to the next one's; 0 for a single sweep. */
  intervalMs: Type.Number({ minimum: 0 }),
  /** One page in so many has a fingerprint. */
  sample: Type.Integer({ minimum: 1, maximum: 65536 }),
  /** Id of the key that the fingerprints are made with. */
  keyId: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  /** Bytes of each NUMA node, by its number. */
  nodeBytes: Type.Array(Type.Number({ minimum: 0 }), { maxItems: MOST_NODES }),
  /** What the numbers of the host, and of each guest, are. */
  hostNumbers: Numbers,
  guestNumbers: Numbers,
  /** Settings of the kernel, as its files have them. */
  facts: Type.Record(Type.String(), Type.String({ maxLength: 4096 })),
  /** What the kernel's work costs on this host, where it was measured. */
  calibration: Type.Optional(Type.Unknown()),
});

export const GuestSchema = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 253 }),
  pid: Type.Integer({ minimum: 0 }),
  comm: Type.String({ maxLength: 253 }),
  startedTicks: Type.Number({ minimum: 0 }),
  mergesAny: Type.Boolean(),
  isPinned: Type.Boolean(),
  tellsFrames: Type.Optional(Type.Boolean()),
});

/** By name. */
export const FactsSchema = Type.Record(Type.String(), Type.String());
