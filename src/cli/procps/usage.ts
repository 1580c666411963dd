/** What a daemon did between two looks at it, or from its start to the first. */
import type { Status } from '../../protocol/routes/status.js';

export interface Usage {
  readonly intervalMs: number;
  /** Processors' worth of time, 0 to `cpus`: of guest threads, and of the scanner. */
  readonly guestCpus: number;
  readonly scannerCpus: number;
  /** What a kernel's scanner would have taken for the same. */
  readonly kernelCpus: number;
  /** Of all processors: what is left of 1, and the two above. */
  readonly idleShare: number;
  readonly guestShare: number;
  readonly scannerShare: number;
  readonly pagesScannedPerSecond: number;
  readonly mergesPerSecond: number;
  readonly cowBreaksPerSecond: number;
}

const START = {
  uptimeMs: 0,
  workloads: { cpuMs: 0 },
  scanner: { cpuMs: 0, kernelCpuMs: 0 },
  totals: { pagesScanned: 0, merges: 0, cowBreaks: 0 },
};

/** Without `before`, since the daemon's start. */
export function usage(now: Status, before: typeof START = START): Usage {
  const intervalMs = Math.max(1, now.uptimeMs - before.uptimeMs);
  const perSecond = (name: keyof typeof START.totals): number =>
    ((now.totals[name] - before.totals[name]) / intervalMs) * 1000;
  // Threads tell of their time now and then, so that a short interval may get more than it had.
  const guestCpus = Math.min(now.cpus, (now.workloads.cpuMs - before.workloads.cpuMs) / intervalMs);
  const scannerCpus = Math.min(1, (now.scanner.cpuMs - before.scanner.cpuMs) / intervalMs);
  const guestShare = guestCpus / now.cpus;
  const scannerShare = scannerCpus / now.cpus;
  return {
    intervalMs,
    guestCpus,
    scannerCpus,
    kernelCpus: (now.scanner.kernelCpuMs - before.scanner.kernelCpuMs) / intervalMs,
    idleShare: Math.max(0, 1 - guestShare - scannerShare),
    guestShare,
    scannerShare,
    pagesScannedPerSecond: perSecond('pagesScanned'),
    mergesPerSecond: perSecond('merges'),
    cowBreaksPerSecond: perSecond('cowBreaks'),
  };
}
