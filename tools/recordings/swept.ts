/** How fast sweeps are, and what they take and cost: whether that is as it should be. */
import type { LiveHost } from './live-host.js';
import { type MeasuredSweeps, measureSweeps } from './measured-sweeps.js';

const PAGE_BYTES = 4096;
export const LEAST_SHARE = 0.7;
/** Slower work beside a capture is held up; no machine is steadier than that by itself. */
export const LEAST_SPEED = 0.9;
const WORKING_MS = 10_000;

export async function swept(host: LiveHost, folder: string): Promise<boolean> {
  const measured = await measureSweeps(host, folder, WORKING_MS, ({ report, rate, bareRate }) =>
    console.log(
      `sweep ${report.sweep}: ${report.changedPages} changed, ${gigabytes(rate)} GB/s; bare ` +
        `read and hash ${gigabytes(bareRate)} GB/s`,
    ),
  );
  const { first, share, residentBytes, allowedBytes, ownSpeed } = measured;
  console.log(
    `fastest sweep and bare read: ${(share * 100).toFixed(0)} %; first sweep: ` +
      `${gigabytes((first.pages * PAGE_BYTES) / first.durationMs)} GB/s; resident at ` +
      `most ${mebibytes(residentBytes)} of ${mebibytes(allowedBytes)} MiB; the processes' own ` +
      `speed ${(ownSpeed * 100).toFixed(0)} %`,
  );
  return isAsItShouldBe(measured);
}

export function isAsItShouldBe({
  share,
  residentBytes,
  allowedBytes,
  ownSpeed,
}: MeasuredSweeps): boolean {
  return share >= LEAST_SHARE && residentBytes <= allowedBytes && ownSpeed >= LEAST_SPEED;
}

const gigabytes = (bytesAMillisecond: number): string => (bytesAMillisecond / 1e6).toFixed(2);
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
