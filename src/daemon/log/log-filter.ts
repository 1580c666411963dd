/**
 * Which lines of the log somebody wants: those of a severity and above, those that tell of one
 * guest.
 */
import { pino } from 'pino';
import type { LogsQuery } from '../../protocol/routes/streams.js';

/** Whether a line of the log, JSON, is wanted. */
export type LineFilter = (line: string) => boolean;

export function lineFilter({ level, guest }: Pick<LogsQuery, 'level' | 'guest'>): LineFilter {
  if (level === undefined && guest === undefined) return () => true;
  const least = level === undefined ? 0 : severity(level);
  return (line) => {
    const told = JSON.parse(line) as { readonly level: string; readonly guest?: string };
    return severity(told.level) >= least && (guest === undefined || told.guest === guest);
  };
}

function severity(level: string): number {
  return pino.levels.values[level] ?? 0;
}
