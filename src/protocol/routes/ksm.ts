/** What /v1/ksm and /v1/scan carry: the files of /sys/kernel/mm/ksm. */
import { type Static, Type } from 'typebox';
import { Pages } from '../values.js';

export const Counters = Type.Record(Type.String(), Type.Integer(), {
  description: 'counters under their sysfs names',
});
export type Counters = Static<typeof Counters>;

const Value = Type.Union([Type.Number(), Type.String()], { description: 'a number or a string' });

export const KsmFiles = Type.Record(Type.String(), Value, {
  description: 'counters and tunables under their sysfs names',
});
export type KsmFiles = Static<typeof KsmFiles>;

export const TunableValues = Type.Record(Type.String(), Value, {
  minProperties: 1,
  description: 'tunables to write, in this order',
});
export type TunableValues = Static<typeof TunableValues>;

export const ScanRequest = Type.Object({ pages: Pages }, { additionalProperties: false });

export const ScanAnswer = Type.Object({
  visitedPages: Type.Integer({ description: 'pages the batch visited' }),
  counters: Counters,
});
export type ScanAnswer = Static<typeof ScanAnswer>;
