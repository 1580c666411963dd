/** How the kernel writes what its files show, and what it makes of what is written to them. */

import type { Host } from '../../ksm/host.js';
import type { KsmStatLine } from '../../ksm/records/counter-records.js';
import { type TunableName, tunableRecord } from '../../ksm/records/tunable-records.js';
import { type TunableValue, tunableValueNames } from '../../ksm/tunables.js';

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
  const counters = host.guestCounters(guest);
  const line = (name: KsmStatLine): string => {
    // No guest asks for all its memory, present and future, to be merged (PR_SET_MEMORY_MERGE).
    if (name === 'ksm_merge_any') return `${name}: no\n`;
    if (name === 'ksm_mergeable')
      return (
        `${name}: ` +
        `${host.machine.regions.hasMergeable(host.guestPointer(guest)) ? 'yes' : 'no'}\n`
      );
    return `${name} ${counters[name] ?? 0}\n`;
  };
  return host.profile.ksmStat.map(line).join('');
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
  return /^\+?\d+\n?$/.test(text) ? Number(text) : text;
}

/** By its first letters, as the kernel's kstrtobool has it. */
function truth(text: string): number | undefined {
  if (/^([yt1]|on)/i.test(text)) return 1;
  if (/^([nf0]|of)/i.test(text)) return 0;
  return undefined;
}
