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
  let counts = false;
  let rssKb = 0;
  let hugeKb = 0;
  for (const line of smaps.split('\n')) {
    const [, start] = /^([0-9a-f]+)-[0-9a-f]+ /.exec(line) ?? [];
    if (start !== undefined) counts = isCounted(Number.parseInt(start, 16));
    const [, name, kb] = /^(Rss|AnonHugePages): +(\d+) kB$/.exec(line) ?? [];
    if (!counts || name === undefined) continue;
    if (name === 'Rss') rssKb += Number(kb);
    else hugeKb += Number(kb);
  }
  return { rss: (rssKb * 1024) / pageSize, huge: hugeKb / HUGE_PAGE_KB };
}
