/** How the kernel writes what its files show, and what it makes of what is written to them. */

import { STRETCH_PAGES } from '../../core/layout.js';
import type { Footprint } from '../../inspect/footprint.js';
import type { Host } from '../../ksm/host.js';
import type { KsmStatLine } from '../../ksm/records/counter-records.js';
import { hasSince } from '../../ksm/records/kernel-versions.js';
import { type TunableName, tunableRecord } from '../../ksm/records/tunable-records.js';
import { type TunableValue, tunableValueNames } from '../../ksm/tunables.js';

const KSM_IN_SMAPS_SINCE = '6.6';

/** A counter's file, or a guest's. */
export function counterText(value: number): string {
  return `${value}\n`;
}

/** Where there is a choice, all there is, with what is chosen in brackets. */
export function tunableText(name: TunableName, value: TunableValue): string {
  const choices = tunableValueNames(name)?.map((choice) =>
    choice === value ? `[${choice}]` : choice,
  );
  return `${choices?.join(' ') ?? value}\n`;
}

export function ksmStatText(host: Host, guest: string): string {
  const counters = host.files.guestCounters(guest);
  const answers = host.files.guestAnswers(guest);
  const line = (name: KsmStatLine): string =>
    name === 'ksm_merge_any' || name === 'ksm_mergeable'
      ? `${name}: ${answers[name]}\n`
      : `${name} ${counters[name] ?? 0}\n`;
  return host.profile.ksmStat.map(line).join('');
}

/** Of the lines of /proc/PID/smaps_rollup those that have something to say here. */
export function rollupText(host: Host, guest: string, footprint: Footprint): string {
  const { pageSize } = host.machine;
  const { rssPages, pssBytes, ksmPages, hugePages } = footprint;
  const regions = host.guests.regionsOf(guest);
  const last = regions.at(-1);
  const end = last === undefined ? 0 : last.address + last.pages * pageSize;
  const lines: [name: string, bytes: number][] = [
    ['Rss', rssPages * pageSize],
    ['Pss', pssBytes],
    ['Anonymous', rssPages * pageSize],
    ...(hasSince(host.profile.name, KSM_IN_SMAPS_SINCE)
      ? ([['KSM', ksmPages * pageSize]] satisfies [string, number][])
      : []),
    ['AnonHugePages', hugePages * STRETCH_PAGES * pageSize],
  ];
  const range = [regions[0]?.address ?? 0, end].map((address) =>
    address.toString(16).padStart(8, '0'),
  );
  const head = `${range.join('-')} ---p 00000000 00:00 0`.padEnd(73);
  const inKib = (bytes: number): string => String(Math.floor(bytes / 1024)).padStart(8);
  return [
    `${head}[rollup]\n`,
    ...lines.map(([name, bytes]) => `${`${name}:`.padEnd(16)}${inKib(bytes)} kB\n`),
  ].join('');
}

/**
 * What was written to a file that showed `shown` and holds `found` now. A shell empties the file
 * first; other writers leave the rest of a longer text below their line, or append theirs. (One
 * that does neither and writes no newline cannot be told from one who wrote all of it.)
 */
export function writtenText(shown: string, found: string): string {
  if (found.startsWith(shown)) return found.slice(shown.length);
  const line = found.slice(0, found.indexOf('\n') + 1);
  return line !== '' && found.slice(line.length) === shown.slice(line.length) ? line : found;
}

/** The value that the kernel sees in a text; the text itself where it sees none, to be refused. */
export function writtenValue(name: TunableName, text: string): TunableValue {
  const { takes } = tunableRecord(name);
  if ('names' in takes) return text.replace(/\n$/, '');
  if (takes.truth) return truth(text) ?? text;
  return writtenNumber(text);
}

/** The whole number that the kernel sees in a text, or the text itself. */
export function writtenNumber(text: string): number | string {
  return /^\+?\d+\n?$/.test(text) ? Number(text) : text;
}

/** By its first letters, as the kernel's kstrtobool has it. */
function truth(text: string): number | undefined {
  if (/^([yt1]|on)/i.test(text)) return 1;
  if (/^([nf0]|of)/i.test(text)) return 0;
  return undefined;
}
