/** What programs that talk to a daemon import: `ksmd/client`. */
export { isKsmdError, KsmdError } from '../errors.js';
export type {
  Advice,
  LogLevel,
  PageState,
  ScannerState,
  WorkloadName,
  WorkloadState,
} from '../names.js';
export type { AddressRange } from '../protocol/bytes.js';
export type { Sample } from '../protocol/history.js';
export type {
  Guest,
  GuestSummary,
  Region,
  RegionRequest,
  WantedRegion,
} from '../protocol/routes/guests.js';
export type { KhugepagedFiles, KhugepagedValues } from '../protocol/routes/khugepaged.js';
export type { Counters, KsmFiles, ScanAnswer, TunableValues } from '../protocol/routes/ksm.js';
export type { LiveEvent, MapGuest, MapRegion, PageMapAnswer } from '../protocol/routes/live.js';
export type { PageClass, PageClasses, PageClassesQuery } from '../protocol/routes/page-classes.js';
export type { Page } from '../protocol/routes/pages.js';
export type { CpuProfile } from '../protocol/routes/profile.js';
export type {
  Footprint,
  GuestReport,
  PagesByState,
  Report,
  Unmerged,
} from '../protocol/routes/report.js';
export type { Status } from '../protocol/routes/status.js';
export type { KsmdEvent } from '../protocol/routes/streams.js';
export type { RestartAnswer } from '../protocol/routes/upkeep.js';
export type { Workload, WorkloadRequest } from '../protocol/routes/workloads.js';
export type { Source } from './asked.js';
export { type AdvisedPages, Client, type WantedLines } from './client.js';
