/** `ksmd status`: what the daemon is doing, and what its guests share. */
import type { Status } from '../api/status.js';
import { verb } from './verb.js';
import { count, pairs, percent, seconds, size } from './wording.js';

export const status = verb<[], object>({
  name: 'status',
  summary: 'memory, scanner, and what guests share',
  examples: ['ksmd status', 'ksmd status --json'],
  json: true,
  run: async ({ client, json, print, printJson }) => {
    const now = await client.status();
    if (json) printJson(now);
    else print(inWords(now));
    return undefined;
  },
});

function inWords(status: Status): string {
  const { memory, pageSize, scanner, counters } = status;
  const pages = (n: number): string => `${count(n, 'page')} (${size(n * pageSize)})`;
  return pairs([
    ['ksmd', `${status.version}, as Linux ${status.kernel}; process ${status.pid}, up ${seconds(status.uptimeMs)}`],
    ['memory', `${size(memory.totalBytes)}: ${size(memory.usedBytes)} used, ${size(memory.freeBytes)} free`],
    ['guests', `${status.guests}, with ${pages(status.registeredPages)} registered, ${pages(status.presentPages)} present`],
    ['shared', sharedInWords(status, pages)],
    ['scanner', `${scanner.state}, ${count(counters.full_scans ?? 0, 'full scan')}, ${seconds(scanner.cpuMs)} of processor time`],
  ]);
}

function sharedInWords({ counters, saved, presentPages, scanner }: Status, pages: (n: number) => string): string {
  if (saved.pages === 0) return 'nothing';
  const zero = counters.ksm_zero_pages ?? 0;
  const stands = `${pages(counters.pages_shared ?? 0)} ${counters.pages_shared === 1 ? 'stands' : 'stand'} for ${pages(saved.pages - zero)} more`;
  const zeroes = zero === 0 ? '' : `, the zero page for ${pages(zero)}`;
  if ((counters.pages_shared ?? 0) + (counters.pages_sharing ?? 0) > presentPages) {
    const next = scanner.state === 'stopped' ? "with 'ksmd scan' or run=1" : 'soon';
    return `${stands}${zeroes} by the last scan, more than is present now: the counters follow at the next one, ${next}`;
  }
  return `${stands}${zeroes}: ${percent(saved.share)} saved, ${size(saved.netBytes)} net of bookkeeping`;
}
