/** What of a process's memory is resident, as /proc/PID/smaps tells it. */

/** Pages, and huge pages that some of them are. */
export interface Resident {
  readonly rss: number;
  readonly huge: number;
}

const HUGE_PAGE_KB = 2048;

/** Of the mappings whose first byte `isCounted`. The shared zero page is not resident. */
export function residentIn(
  smaps: string,
  isCounted: (address: number) => boolean,
  pageSize: number,
): Resident {
  const { Rss = 0, AnonHugePages = 0 } = kilobytesIn(smaps, isCounted);
  return { rss: (Rss * 1024) / pageSize, huge: AnonHugePages / HUGE_PAGE_KB };
}

/** Sums of what smaps, or its rollup, says in kB of the mappings whose first byte `isCounted`. */
export function kilobytesIn(
  smaps: string,
  isCounted: (address: number) => boolean,
): Readonly<Record<string, number>> {
  let counts = false;
  const sums: Record<string, number> = {};
  for (const line of smaps.split('\n')) {
    const [, start] = /^([0-9a-f]+)-[0-9a-f]+ /.exec(line) ?? [];
    if (start !== undefined) counts = isCounted(Number.parseInt(start, 16));
    const [, name, kilobytes] = /^(\w+): +(\d+) kB$/.exec(line) ?? [];
    if (counts && name !== undefined) sums[name] = (sums[name] ?? 0) + Number(kilobytes);
  }
  return sums;
}
