/** /v1/status and /v1/stop. */
import { availableParallelism } from 'node:os';
import { hugePages, population } from '../../../inspect/population.js';
import { scanProgress } from '../../../inspect/scan-progress.js';
import type { Host } from '../../../ksm/host.js';
import { areDefault } from '../../../prices/default-prices.js';
import type { Counters } from '../../../protocol/routes/ksm.js';
import type { STATUS_ROUTES, Status } from '../../../protocol/routes/status.js';
import { VERSION } from '../../../version.js';
import { saved } from '../../feeds/saved.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

export function statusHandlers(context: Context): Handlers<typeof STATUS_ROUTES> {
  return {
    status: async () => {
      await context.forks.ready();
      return status(context);
    },
    stop: (_request, reply) => {
      reply.raw.once('finish', () => context.stop('asked to on the socket'));
      return { stopping: true };
    },
  };
}

function status(context: Context): Status {
  const { host, scanner, threads, forks, kernelFiles, startedAtMs } = context;
  const { frames, pageSize } = host.machine;
  const sysfs = kernelFiles?.place;
  const fingerprints = fingerprintsOf(host);
  const counters: Counters = { ...host.files.counters() };
  const fullScanShare = scanProgress(host);
  return {
    version: VERSION,
    pid: process.pid,
    uptimeMs: Math.round(performance.now() - startedAtMs),
    kernel: host.profile.name,
    pageSize,
    ...(fingerprints === undefined ? {} : { fingerprints }),
    memory: {
      totalBytes: frames.total * pageSize,
      usedBytes: frames.used * pageSize,
      freeBytes: (frames.total - frames.used) * pageSize,
      failedStores: frames.failedStores,
    },
    guests: host.guests.names().length,
    ...population(host),
    hugePages: hugePages(host),
    cpus: availableParallelism(),
    workloads: threads.summary(),
    totals: { ...host.files.totals(), collapses: host.khugepaged.counters.pages_collapsed },
    scanner: {
      state: scanner.state,
      cpuMs: scanner.cpuMs,
      kernelCpuMs: scanner.kernelCpuMs,
      prices: {
        measuredOn: scanner.prices.measuredOn,
        areDefault: areDefault(scanner.prices),
      },
      ...(fullScanShare === undefined ? {} : { fullScanShare }),
    },
    ...(sysfs === undefined ? {} : { sysfs }),
    counters,
    saved: saved(host, forks),
  };
}

function fingerprintsOf({ machine, memory, oneIn }: Host): Status['fingerprints'] {
  if (!machine.holdsFingerprints) return undefined;
  const { keyId } = memory;
  return {
    frameBytes: machine.frameBytes,
    oneIn,
    reservedBytes: machine.memory.u8.length,
    ...(keyId === undefined ? {} : { keyId }),
  };
}
