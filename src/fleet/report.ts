/** What a fleet has, and what KSM saves there and could: rows as the queries give them. */
import type { FleetIdentity } from './dataset.js';
import type { Engine, Row } from './engine.js';
import { FleetSize } from './fleet-size.js';
import { type QueryName, statementsOf } from './queries.js';

export interface FleetReport {
  readonly hosts: readonly Row[];
  /** If all guests were on one host. */
  readonly together: readonly Row[];
  readonly contents: readonly Row[];
}

const TOP_CONTENTS = 10;
/** A fleet is told from so many: seconds, and less than a GiB. */
const COUNTED_PAGES = 32_000_000;

/** Of a fleet with more pages in its sample than `mostPages`, a part of the sample is counted. */
export async function report(
  engine: Engine,
  identity: FleetIdentity,
  mostPages = COUNTED_PAGES,
): Promise<FleetReport> {
  const size = await FleetSize.of(engine, identity);
  const { oneIn, lowest, highest } = size.sketch(mostPages);
  const choices = { lowest, highest, one_in: oneIn, rows: TOP_CONTENTS };
  const rows = (query: QueryName): Promise<Row[]> => engine.rows(statementsOf(query, choices));
  const hosts = await rows('hosts');
  const together = await rows('together');
  const contents = await rows('contents');
  return { hosts, together, contents };
}
