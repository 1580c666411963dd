/** One sample of the history: what the host's shared counters say at this moment. */
import { hugePages } from '../../inspect/population.js';
import { savings } from '../../inspect/savings.js';
import { readCounter } from '../../ksm/counters.js';
import type { Host } from '../../ksm/host.js';
import type { Sample } from '../../protocol/history.js';

/** `atMs`: since the daemon's start. */
export function sample(
  host: Host,
  forkSharedPages: number,
  scanner: { readonly cpuMs: number; readonly kernelCpuMs: number },
  atMs: number,
): Sample {
  const { memory, frames, pageSize } = host.machine;
  const { pagesScanned, merges, cowBreaks, splits } = host.files.totals();
  return {
    atMs,
    usedBytes: frames.used * pageSize,
    freeBytes: (frames.total - frames.used) * pageSize,
    savedBytes: savings(host, forkSharedPages).bytes,
    pagesScanned,
    fullScans: readCounter(memory, 'full_scans'),
    merges,
    breaks: cowBreaks,
    hugePages: hugePages(host),
    splits,
    scannerCpuMs: scanner.cpuMs,
    kernelCpuMs: scanner.kernelCpuMs,
  };
}
