/** /v1/status and /v1/stop. */
import type { Counters } from '../../api/ksm.js';
import { Status, Stopping } from '../../api/status.js';
import type { Host } from '../../ksm/host.js';
import { VERSION } from '../../version.js';
import { type Api, type Context, route } from '../context.js';

/** What the kernel spends on a page that KSM has seen. */
const BOOKKEEPING_BYTES = 64;

export function statusRoutes(api: Api, context: Context): void {
  api.route({ ...route('status', {}, { 200: Status }), handler: () => status(context) });

  api.route({
    ...route('stop', {}, { 200: Stopping }),
    handler: (_request, reply) => {
      reply.raw.once('finish', () => context.stop('asked to on the socket'));
      return { stopping: true } as const;
    },
  });
}

function status({ host, scanner, startedAtMs }: Context): Status {
  const { frames, pageSize } = host.machine;
  const counters: Counters = { ...host.counters() };
  const presentPages = host.guestNames().reduce((sum, guest) => sum + host.presentPages(guest), 0);
  return {
    version: VERSION,
    pid: process.pid,
    uptimeMs: Math.round(performance.now() - startedAtMs),
    kernel: host.profile.name,
    pageSize,
    memory: {
      totalBytes: frames.total * pageSize,
      usedBytes: frames.used * pageSize,
      freeBytes: (frames.total - frames.used) * pageSize,
      failedStores: frames.failedStores,
    },
    guests: host.guestNames().length,
    registeredPages: registeredPages(host),
    presentPages,
    scanner: { state: scanner.state, cpuMs: scanner.cpuMs },
    counters,
    saved: saved(counters, presentPages, pageSize),
  };
}

function registeredPages(host: Host): number {
  let pages = 0;
  for (const guest of host.guestNames()) for (const region of host.regionsOf(guest)) pages += region.pages;
  return pages;
}

/** In the kernel's reckoning: what is merged by the counters, which follow a write when the scanner next passes. */
function saved(counters: Counters, presentPages: number, pageSize: number): Status['saved'] {
  const { pages_shared = 0, pages_sharing = 0, pages_unshared = 0, pages_volatile = 0, ksm_zero_pages = 0 } = counters;
  const pages = pages_sharing + ksm_zero_pages;
  // A page merged with the zero page has no frame, so it is not among the present ones.
  const holding = presentPages + ksm_zero_pages;
  const bytes = pages * pageSize;
  // What is gone stays counted until the scanner passes, and saves nothing meanwhile.
  const heldBytes = Math.min(bytes, holding * pageSize);
  const bookkeepingBytes = (pages_shared + pages_sharing + pages_unshared + pages_volatile) * BOOKKEEPING_BYTES;
  return { pages, bytes, bookkeepingBytes, netBytes: heldBytes - bookkeepingBytes, share: holding === 0 ? 0 : Math.min(1, pages / holding) };
}
