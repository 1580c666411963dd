/** /v1/status and /v1/stop. */
import { availableParallelism } from 'node:os';
import { population } from '../../../inspect/population.js';
import { savings } from '../../../inspect/savings.js';
import type { Counters } from '../../../protocol/routes/ksm.js';
import { Status, Stopping } from '../../../protocol/routes/status.js';
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
    ...population(host),
    cpus: availableParallelism(),
    workloads: threads.summary(),
    totals: host.totals(),
    scanner: { state: scanner.state, cpuMs: scanner.cpuMs },
    counters,
    saved: savings(host),
  };
}
