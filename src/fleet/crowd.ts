/** The guests of a fleet as they are placed: where each is, what it takes, and which contents. */
import type { Engine } from './engine.js';
import type { PlacedGuest } from './placement/sampled-fleet.js';
import { statementsOf } from './queries.js';
import type { Sketch } from './sketch.js';

export interface Crowd {
  /** By the indices that guests have of them; those with most in them first. */
  readonly hosts: readonly string[];
  readonly guests: readonly PlacedGuest[];
}

/** `tenantOf`: of a guest, by its host's name and its own with a slash between. */
export async function crowd(
  engine: Engine,
  { lowest, highest }: Sketch,
  tenantOf: (guest: string) => string,
): Promise<Crowd> {
  const all = await engine.rows(statementsOf('guests'));
  const holdings = await engine.rows(statementsOf('crowd', { lowest, highest }));
  const rows = all.map((row) => ({
    host: String(row.host),
    name: `${row.host}/${row.guest}`,
    alonePages: Number(row.alone_pages),
  }));
  const contents: number[][] = rows.map(() => []);
  for (const { number, content } of holdings) contents[Number(number) - 1]?.push(Number(content));
  const pagesOn = new Map<string, number>();
  for (const { host, alonePages } of rows) pagesOn.set(host, (pagesOn.get(host) ?? 0) + alonePages);
  // Where hosts are to be given up, it is those with least in them.
  const hosts = [...pagesOn.keys()].sort((a, b) => (pagesOn.get(b) ?? 0) - (pagesOn.get(a) ?? 0));
  const tenants = rows.map(({ name }) => tenantOf(name));
  const numbers = new Map([...new Set(tenants)].map((tenant, number) => [tenant, number]));
  const indices = new Map(hosts.map((host, index) => [host, index]));
  return {
    hosts,
    guests: rows.map(({ host, name, alonePages }, at) => ({
      name,
      host: indices.get(host) ?? 0,
      alonePages,
      contents: Uint32Array.from(contents[at] ?? []),
      tenant: numbers.get(tenants[at] ?? '') ?? 0,
    })),
  };
}
