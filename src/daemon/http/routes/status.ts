/** /v1/status and /v1/stop. */
import { availableParallelism } from 'node:os';
import { savedNow } from '../../../inspect/savings.js';
import type { Host } from '../../../ksm/host.js';
import type { Counters } from '../../../protocol/ksm.js';
import { Status, Stopping } from '../../../protocol/status.js';
import { VERSION } from '../../../version.js';
import { type Api, type Context, route } from '../context.js';

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

function status({ host, scanner, threads, startedAtMs }: Context): Status {
  const { frames, pageSize } = host.machine;
  const counters: Counters = { ...host.counters() };
  const { zeroPages, ...totals } = host.totals();
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
    zeroPages,
    cpus: availableParallelism(),
    workloads: threads.summary(),
    totals,
    scanner: { state: scanner.state, cpuMs: scanner.cpuMs },
    counters,
    saved: savedNow(host),
  };
}

function registeredPages(host: Host): number {
  let pages = 0;
  for (const guest of host.guestNames())
    for (const region of host.regionsOf(guest)) pages += region.pages;
  return pages;
}
