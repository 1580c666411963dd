/**
 * Every route there is: the server serves these, the client calls these, the OpenAPI document lists
 * these.
 */

export interface Route {
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  /** Parameters as `:name`. */
  readonly path: string;
  readonly summary: string;
}

export const ROUTES = {
  status: {
    method: 'GET',
    path: '/v1/status',
    summary: 'Version, memory, scanner, counters and what is saved',
  },
  stop: { method: 'POST', path: '/v1/stop', summary: 'Stop the daemon once this is answered' },
  ksm: { method: 'GET', path: '/v1/ksm', summary: 'Counters and tunables under their sysfs names' },
  setKsm: { method: 'PATCH', path: '/v1/ksm', summary: 'Write tunables, all or none of them' },
  scan: { method: 'POST', path: '/v1/scan', summary: 'With run 0: scan one batch' },
  guests: { method: 'GET', path: '/v1/guests', summary: 'All guests' },
  createGuest: { method: 'PUT', path: '/v1/guests/:guest', summary: 'A new guest without memory' },
  guest: { method: 'GET', path: '/v1/guests/:guest', summary: 'One guest and its regions' },
  removeGuest: { method: 'DELETE', path: '/v1/guests/:guest', summary: 'The guest exits' },
  map: {
    method: 'PUT',
    path: '/v1/guests/:guest/regions/:region',
    summary: 'Register a region of untouched pages',
  },
  unmap: {
    method: 'DELETE',
    path: '/v1/guests/:guest/regions/:region',
    summary: 'Unregister a region',
  },
  load: { method: 'GET', path: '/v1/guests/:guest/memory', summary: 'Load bytes' },
  store: { method: 'PUT', path: '/v1/guests/:guest/memory', summary: 'Store bytes as they arrive' },
  madvise: {
    method: 'POST',
    path: '/v1/guests/:guest/madvise',
    summary: 'Advise pages mergeable, unmergeable or dontneed',
  },
  page: {
    method: 'GET',
    path: '/v1/guests/:guest/pages/:address',
    summary: 'One page, explained: its state, why, and what comes next',
  },
  report: {
    method: 'GET',
    path: '/v1/report',
    summary: 'What is saved and by whom, why the rest is not, how long a full scan takes',
  },
  events: {
    method: 'GET',
    path: '/v1/events',
    summary: 'Server-sent events: merges, breaks, full scans, warnings',
  },
  logs: {
    method: 'GET',
    path: '/v1/logs',
    summary: 'Last lines of the log, one JSON object a line',
  },
  run: {
    method: 'POST',
    path: '/v1/workloads',
    summary: 'Run a workload in a guest, on a thread of the daemon',
  },
  workloads: {
    method: 'GET',
    path: '/v1/workloads',
    summary: 'All workloads, and what they have done',
  },
  kill: { method: 'DELETE', path: '/v1/workloads/:id', summary: 'End a workload' },
  check: {
    method: 'GET',
    path: '/v1/check',
    summary: 'Recount everything from frames and page tables',
  },
  restartScanner: {
    method: 'POST',
    path: '/v1/scanner/restart',
    summary: 'Kill the scanner; another takes over',
  },
  snapshot: {
    method: 'GET',
    path: '/v1/snapshot',
    summary: 'A consistent image of all guests, while they run',
  },
  profile: {
    method: 'POST',
    path: '/v1/profile',
    summary: 'Profile the scanner thread: a .cpuprofile',
  },
  pageMap: { method: 'GET', path: '/v1/map', summary: 'The state of every page of every guest' },
  live: {
    method: 'GET',
    path: '/v1/live',
    summary: 'Server-sent events: samples, counters, tunables, guests and pages as they change',
  },
  dashboard: { method: 'GET', path: '/', summary: 'The dashboard, for a browser' },
  dashboardFile: { method: 'GET', path: '/dashboard/*', summary: 'A file of the dashboard' },
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Everything there is to count, for Prometheus',
  },
  openapi: { method: 'GET', path: '/v1/openapi.json', summary: 'This document' },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;

/** The methods that a URL's path can be asked with. */
export function methodsOf(urlPath: string): readonly Route['method'][] {
  const parts = urlPath.split('/');
  return Object.values(ROUTES)
    .filter(({ path }) => {
      const wanted = path.split('/');
      return (
        (wanted.length === parts.length || wanted.at(-1) === '*') &&
        wanted.every(
          (part, i) =>
            part === parts[i] ||
            ((part === '*' || part.startsWith(':')) && parts[i] !== undefined && parts[i] !== ''),
        )
      );
    })
    .map(({ method }) => method);
}
