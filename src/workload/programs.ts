/** The workloads by name. */
import type { WorkloadName } from '../names.js';
import { boot } from './boot.js';
import { dirty, read } from './dirty.js';
import { ksmpages } from './ksmpages.js';
import { load, serve } from './prefork.js';
import type { Workload } from './workload.js';

export const PROGRAMS: Readonly<Record<WorkloadName, Workload>> = {
  ksmpages,
  dirty,
  read,
  boot,
  load,
  serve,
};
