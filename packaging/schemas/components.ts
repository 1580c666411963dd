/**
 * The schemas that have a name in the OpenAPI document, by which programs that make clients call
 * what they make. Whatever a route takes or answers as JSON is one of these; other schemas stand
 * where they are used.
 *
 * A schema is known by what it says, as it may be copied on its way into a record.
 */
import type { TSchema } from 'typebox';
import { ErrorAnswer } from '../../src/protocol/error-answer.js';
import { Sample } from '../../src/protocol/history.js';
import * as guests from '../../src/protocol/routes/guests.js';
import { KhugepagedFiles, KhugepagedValues } from '../../src/protocol/routes/khugepaged.js';
import * as ksm from '../../src/protocol/routes/ksm.js';
import { LIVE_EVENTS, MapGuest, MapRegion, PageMapAnswer } from '../../src/protocol/routes/live.js';
import { Stored } from '../../src/protocol/routes/memory.js';
import { OpenApi } from '../../src/protocol/routes/openapi.js';
import { PageClass, PageClasses } from '../../src/protocol/routes/page-classes.js';
import { Page, PageName } from '../../src/protocol/routes/pages.js';
import * as profile from '../../src/protocol/routes/profile.js';
import * as report from '../../src/protocol/routes/report.js';
import { Shared } from '../../src/protocol/routes/shared.js';
import { Status, Stopping } from '../../src/protocol/routes/status.js';
import { EVENTS } from '../../src/protocol/routes/streams.js';
import { CheckAnswer, RestartAnswer } from '../../src/protocol/routes/upkeep.js';
import * as workloads from '../../src/protocol/routes/workloads.js';

/** Each with what it is, where it does not say so itself. */
export const COMPONENTS: Readonly<Record<string, readonly [TSchema, description?: string]>> = {
  ErrorAnswer: [ErrorAnswer, 'a refusal: nothing has changed, but where bytesStored says so'],
  Status: [Status, 'the daemon at a glance'],
  Saved: [Status.properties.saved, 'what merging spares'],
  Stopping: [Stopping, 'it will'],
  Counters: [ksm.Counters],
  KsmFiles: [ksm.KsmFiles],
  TunableValues: [ksm.TunableValues],
  ScanRequest: [ksm.ScanRequest, 'how large a batch is to be'],
  ScanAnswer: [ksm.ScanAnswer, 'what a batch came to'],
  KhugepagedFiles: [KhugepagedFiles],
  KhugepagedValues: [KhugepagedValues],
  Guest: [guests.Guest, 'a guest and its regions'],
  GuestSummary: [guests.GuestSummary, 'a guest, and how many regions it has'],
  GuestList: [guests.GuestList, 'all guests'],
  GuestRequest: [guests.GuestRequest, 'what a new guest is to be'],
  KsmStat: [guests.KsmStat],
  Region: [guests.Region, 'pages in a row that a guest has registered'],
  RegionRequest: [
    guests.RegionRequest,
    'what a new region is to be; without address it goes where there is room',
  ],
  WantedRegion: [guests.WantedRegion, 'the same, and how it is to be called'],
  RegionsRequest: [guests.RegionsRequest, 'several new regions'],
  RegionList: [guests.RegionList, 'regions that were registered'],
  ForkRequest: [guests.ForkRequest, 'how the child is to be called'],
  PrctlRequest: [guests.PrctlRequest, 'PR_SET_MEMORY_MERGE, on or off'],
  AdviceRequest: [
    guests.AdviceRequest,
    'a range, a whole region, or a range that must lie in the region',
  ],
  Stored: [Stored, 'how much of the body is in memory'],
  Page: [Page, 'one page, explained'],
  PageName: [PageName, 'where a page is'],
  Report: [report.Report, 'what people ask of KSM, rather than its counters'],
  GuestReport: [report.GuestReport, 'what merging comes to for a guest'],
  Footprint: [report.Footprint, 'what a guest takes up, as /proc/PID/smaps has it of a process'],
  PagesByState: [report.PagesByState, 'how many pages are in each state'],
  Unmerged: [report.Unmerged, 'pages that have an equal one, and why they are not merged with it'],
  Sharing: [report.Sharing, 'pages that need no frame of their own, because KSM has merged them'],
  Shared: [Shared, 'who shares with whom, by what is in pages'],
  Workload: [workloads.Workload, 'a program that a guest runs, and what it has done'],
  WorkloadList: [workloads.WorkloadList, 'all workloads'],
  WorkloadRequest: [workloads.WorkloadRequest, 'what is to run, and where'],
  CheckAnswer: [CheckAnswer, 'what a recount has found'],
  RestartAnswer: [RestartAnswer, 'how a restart went'],
  ProfileRequest: [profile.ProfileRequest, 'how long to look'],
  CpuProfile: [profile.CpuProfile, 'V8’s profile of a thread, a .cpuprofile'],
  ProfileNode: [profile.ProfileNode, 'a function as it was called from another'],
  CallFrame: [profile.CallFrame, 'a function of the scanner’s program'],
  PageMap: [
    PageMapAnswer,
    'the state of every page: each has a slot, its place in the machine’s table',
  ],
  MapGuest: [MapGuest, 'a guest as the map has it'],
  MapRegion: [MapRegion, 'a region, and the slots of its pages'],
  PageClasses: [PageClasses, 'every page, told apart by something else than its state'],
  PageClass: [PageClass, 'a class of pages, and how many are of it'],
  Sample: [Sample, 'what was measured at one second'],
  ...events('', EVENTS),
  ...events('Live', LIVE_EVENTS, ['sample', 'warning']),
  OpenApi: [OpenApi, 'this document'],
};

/** Named by the event: `full_scan` is FullScanEvent. But for those that have a name already. */
function events(
  stream: string,
  schemas: Readonly<Record<string, TSchema>>,
  named: readonly string[] = [],
): Record<string, [TSchema, string]> {
  const unnamed = Object.entries(schemas).filter(([event]) => !named.includes(event));
  return Object.fromEntries(
    unnamed.map(([event, schema]) => {
      const words = event.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
      return [`${stream}${words.join('')}Event`, [schema, `data of the event ${event}`]];
    }),
  );
}
