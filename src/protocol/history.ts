/** What the daemon keeps of the time that has passed: kept-samples.ts says which samples. */
import { type Static, Type } from 'typebox';
import { KsmFiles } from './routes/ksm.js';

export const Sample = Type.Object({
  atMs: Type.Number({ description: 'since the daemon’s start' }),
  usedBytes: Type.Integer(),
  freeBytes: Type.Integer(),
  savedBytes: Type.Integer({ description: 'what would be used more if KSM had merged nothing' }),
  pagesScanned: Type.Integer({
    description: 'since the start, as all that follow; what smart scan left out is not among them',
  }),
  fullScans: Type.Integer(),
  merges: Type.Integer(),
  breaks: Type.Integer({ description: 'merged pages written and given back' }),
  hugePages: Type.Integer({ description: 'that guests map as one' }),
  splits: Type.Integer({ description: 'huge pages that KSM split, since the start' }),
  scannerCpuMs: Type.Integer({ description: 'processor time of ksmd’s own scanner' }),
  kernelCpuMs: Type.Integer({ description: 'what a kernel’s would have used for the same' }),
  /** Those that have another value than in the sample before. */
  tunables: Type.Optional(KsmFiles),
});
export type Sample = Static<typeof Sample>;
