/** The workloads by name. */
import { boot } from './boot.js';
import { dirty, read } from './dirty.js';
import { ksmpages } from './ksmpages.js';
import type { Workload } from './workload.js';

export const WORKLOADS = { ksmpages, dirty, read, boot } as const satisfies Record<
  string,
  Workload
>;
export type WorkloadName = keyof typeof WORKLOADS;
