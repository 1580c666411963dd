/**
 * The queries, which stand in queries/*.sql and are meant to be read: statements of an SQL that
 * DuckDB and Spark both know, over the tables `guests` and `pages`. What is to be chosen in one
 * stands in it as $name. A view that is marked as kept is asked more than once: engines work it out
 * once, each in its own way.
 */
import { readFileSync } from 'node:fs';

export const QUERIES = [
  'size',
  'hosts',
  'together',
  'contents',
  'names',
  'guests',
  'pairs',
  'common',
  'crowd',
] as const;

export type QueryName = (typeof QUERIES)[number];

export type Choices = Readonly<Record<string, number | bigint | string>>;

const LOWEST = -(2n ** 63n);
const HIGHEST = 2n ** 63n - 1n;

/** What is chosen where nobody does: all of the sample. */
const DEFAULTS: Choices = {
  rows: 20,
  leaders: 128,
  one_in: 1,
  lowest: LOWEST,
  highest: HIGHEST,
  from: LOWEST,
  upto: HIGHEST,
};

/** Views that several queries begin with. */
type Beginning = 'held-by-host' | 'held-by-fleet' | 'has' | 'alike';

/** What some begin with, after what all do. */
const BEGINNINGS: Partial<Record<QueryName, readonly Beginning[]>> = {
  hosts: ['held-by-host'],
  together: ['held-by-host', 'held-by-fleet'],
  contents: ['held-by-host', 'held-by-fleet'],
  pairs: ['has', 'alike'],
  crowd: ['has'],
};

/** Those that a report is made of. */
export const REPORT_QUERIES = ['hosts', 'together', 'contents'] as const;

/** The views that all queries begin with, and the queries, as text. */
export function sqlOf(queries: readonly QueryName[], choices: Choices = {}): string {
  const files = queries.flatMap((query) => [...(BEGINNINGS[query] ?? []), query]);
  const texts = [...new Set(files)].map((file) => filled(fileOf(file), choices));
  return [fileOf('current'), ...texts].join('\n');
}

/** As statements; the last one has the rows. */
export function statementsOf(query: QueryName, choices: Choices = {}): string[] {
  return sqlOf([query], choices)
    .replace(/^\s*--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/** A kept view's name and what is in it; undefined for all other statements. */
export function keptView(statement: string): { name: string; select: string } | undefined {
  const found = /^CREATE OR REPLACE TEMPORARY VIEW \/\* kept \*\/ (\w+) AS\s+(.*)$/s.exec(
    statement,
  );
  const [, name, select] = found ?? [];
  return name === undefined || select === undefined ? undefined : { name, select };
}

/**
 * What is still to be run of a query's statements after another's: what both begin with is there.
 * The last one is in any case.
 */
export function notYetRun(query: readonly string[], before: readonly string[]): string[] {
  const unlike = query.findIndex((statement, at) => statement !== before[at]);
  return query.slice(unlike < 0 ? query.length - 1 : Math.min(unlike, query.length - 1));
}

/** Beside src/ in a checkout, and in what is installed. */
function fileOf(query: QueryName | Beginning | 'current'): string {
  return readFileSync(new URL(`../../src/fleet/queries/${query}.sql`, import.meta.url), 'utf8');
}

function filled(text: string, choices: Choices): string {
  return text.replace(/\$(\w+)/g, (all, name: string) =>
    String(choices[name] ?? DEFAULTS[name] ?? all),
  );
}
