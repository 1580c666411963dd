/** What the OpenAPI document sorts routes by. Clients made of it come in modules of these names. */
import type { Routes } from '../../src/protocol/route.js';
import { DASHBOARD_ROUTES } from '../../src/protocol/routes/dashboard.js';
import { GUEST_ROUTES } from '../../src/protocol/routes/guests.js';
import { KHUGEPAGED_ROUTES } from '../../src/protocol/routes/khugepaged.js';
import { KSM_ROUTES } from '../../src/protocol/routes/ksm.js';
import { LIVE_ROUTES } from '../../src/protocol/routes/live.js';
import { MEMORY_ROUTES } from '../../src/protocol/routes/memory.js';
import { METRICS_ROUTES } from '../../src/protocol/routes/metrics.js';
import { OPENAPI_ROUTES } from '../../src/protocol/routes/openapi.js';
import { PAGE_CLASS_ROUTES } from '../../src/protocol/routes/page-classes.js';
import { PAGE_ROUTES } from '../../src/protocol/routes/pages.js';
import { PROFILE_ROUTES } from '../../src/protocol/routes/profile.js';
import { REPORT_ROUTES } from '../../src/protocol/routes/report.js';
import { SHARED_ROUTES } from '../../src/protocol/routes/shared.js';
import { STATUS_ROUTES } from '../../src/protocol/routes/status.js';
import { STREAM_ROUTES } from '../../src/protocol/routes/streams.js';
import { UPKEEP_ROUTES } from '../../src/protocol/routes/upkeep.js';
import { WORKLOAD_ROUTES } from '../../src/protocol/routes/workloads.js';

export interface Tag {
  readonly name: string;
  readonly description: string;
  readonly routes: Routes;
}

export const TAGS: readonly Tag[] = [
  {
    name: 'daemon',
    description: 'The daemon as a whole, and what looks after it',
    routes: { ...STATUS_ROUTES, ...UPKEEP_ROUTES, ...PROFILE_ROUTES, ...OPENAPI_ROUTES },
  },
  { name: 'ksm', description: 'The files of /sys/kernel/mm/ksm', routes: KSM_ROUTES },
  {
    name: 'khugepaged',
    description: 'The files of /sys/kernel/mm/transparent_hugepage/khugepaged',
    routes: KHUGEPAGED_ROUTES,
  },
  {
    name: 'guests',
    description: 'Address spaces, their regions, and advice on their pages',
    routes: GUEST_ROUTES,
  },
  {
    name: 'memory',
    description: 'What is in the pages of a guest, and what has become of them',
    routes: { ...MEMORY_ROUTES, ...PAGE_ROUTES },
  },
  {
    name: 'report',
    description: 'What is saved and who shares it, for people and for Prometheus',
    routes: { ...REPORT_ROUTES, ...SHARED_ROUTES, ...METRICS_ROUTES },
  },
  {
    name: 'streams',
    description: 'What happens, as it happens: server-sent events, the map, the log',
    routes: { ...STREAM_ROUTES, ...LIVE_ROUTES, ...PAGE_CLASS_ROUTES },
  },
  {
    name: 'workloads',
    description: 'Programs that guests run on threads of the daemon',
    routes: WORKLOAD_ROUTES,
  },
  {
    name: 'dashboard',
    description: 'A page for a browser, and the files it is made of',
    routes: DASHBOARD_ROUTES,
  },
];
