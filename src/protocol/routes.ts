/**
 * Every route there is: the server serves these, the client calls these, the OpenAPI document lists
 * these. A route's record, under src/protocol/routes/, says all there is to it.
 */
import type { Routes } from './route.js';
import { DASHBOARD_ROUTES } from './routes/dashboard.js';
import { GUEST_ROUTES } from './routes/guests.js';
import { KHUGEPAGED_ROUTES } from './routes/khugepaged.js';
import { KSM_ROUTES } from './routes/ksm.js';
import { LIVE_ROUTES } from './routes/live.js';
import { MEMORY_ROUTES } from './routes/memory.js';
import { METRICS_ROUTES } from './routes/metrics.js';
import { OPENAPI_ROUTES } from './routes/openapi.js';
import { PAGE_CLASS_ROUTES } from './routes/page-classes.js';
import { PAGE_ROUTES } from './routes/pages.js';
import { PROFILE_ROUTES } from './routes/profile.js';
import { REPORT_ROUTES } from './routes/report.js';
import { SHARED_ROUTES } from './routes/shared.js';
import { STATUS_ROUTES } from './routes/status.js';
import { STREAM_ROUTES } from './routes/streams.js';
import { UPKEEP_ROUTES } from './routes/upkeep.js';
import { WORKLOAD_ROUTES } from './routes/workloads.js';

export const ROUTES = {
  ...STATUS_ROUTES,
  ...KSM_ROUTES,
  ...KHUGEPAGED_ROUTES,
  ...GUEST_ROUTES,
  ...MEMORY_ROUTES,
  ...PAGE_ROUTES,
  ...REPORT_ROUTES,
  ...SHARED_ROUTES,
  ...WORKLOAD_ROUTES,
  ...UPKEEP_ROUTES,
  ...PROFILE_ROUTES,
  ...STREAM_ROUTES,
  ...LIVE_ROUTES,
  ...PAGE_CLASS_ROUTES,
  ...DASHBOARD_ROUTES,
  ...METRICS_ROUTES,
  ...OPENAPI_ROUTES,
} satisfies Routes;

type Table = typeof ROUTES;
export type RouteName = keyof Table;

/** Each record by its line, method and path: `GET /v1/status`. */
export type RoutesByLine = {
  [Name in RouteName as `${Table[Name]['method']} ${Table[Name]['path']}`]: Table[Name];
};
