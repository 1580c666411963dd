/** What a fleet has, and what KSM saves there and could: rows as the queries give them. */
import type { Engine, Row } from './engine.js';
import { statementsOf } from './queries.js';

export interface FleetReport {
  readonly hosts: readonly Row[];
  /** If all guests were on one host. */
  readonly together: readonly Row[];
  readonly contents: readonly Row[];
}

const TOP_CONTENTS = 10;

export async function report(engine: Engine): Promise<FleetReport> {
  return {
    hosts: await engine.rows(statementsOf('hosts')),
    together: await engine.rows(statementsOf('together')),
    contents: await engine.rows(statementsOf('contents', { rows: TOP_CONTENTS })),
  };
}
