/** `ksmd fleet`: many hosts' recordings, added and asked. */
import { InvalidArgumentError } from 'commander';
import { Dataset } from '../../../fleet/dataset.js';
import { DuckDBEngine } from '../../../fleet/duckdb.js';
import type { Engine } from '../../../fleet/engine.js';
import { QUERIES, REPORT_QUERIES, sqlOf } from '../../../fleet/queries.js';
import { SparkEngine } from '../../../fleet/spark.js';
import { count } from '../../../wording/amounts.js';
import { complain } from '../../terminal/output.js';
import type { Action, Session } from '../../verb.js';
import { add } from './add.js';
import { tellPairs } from './pairs.js';
import { type PlaceOptions, placeGuests } from './place.js';
import { tellReport } from './report.js';
import { withEngine } from './with-engine.js';

interface FleetOptions extends PlaceOptions {
  readonly sample?: number;
  readonly engine: 'duckdb' | 'spark';
  readonly sparkSql: string;
  readonly top: number;
}

type FleetAction = 'add' | 'report' | 'pairs' | 'place' | 'sql';

export const action: Action<[FleetAction, string, readonly string[]], FleetOptions> = async (
  session,
  [what, directory, paths],
  options,
) => {
  refuseOptionsOfOthers(what, options);
  if (what === 'add') return add(session, directory, paths, options.sample);
  if (paths.length > 0) throw new InvalidArgumentError(`${what} takes no recordings: add does`);
  if (what === 'sql') return printQuery(session, directory);
  const dataset = await Dataset.open(directory);
  const { identity } = dataset;
  const unsealed = await dataset.assertWhole();
  if (unsealed > 0)
    complain(
      `${count(unsealed, 'file')} of the fleet without a checksum, added before there were any: ` +
        'damage in them is not seen',
    );
  await withEngine(await engineOf(dataset, options), (engine) => {
    if (what === 'report') return tellReport(session, engine, identity, options.top);
    if (what === 'pairs') return tellPairs(session, engine, identity, options.top);
    return placeGuests(session, engine, identity, options);
  });
  return undefined;
};

/** Options by the action that takes them. */
const OPTIONS_OF = {
  add: ['sample'],
  place: ['hosts', 'memory', 'tenants', 'maxMoves'],
} as const;

function refuseOptionsOfOthers(what: FleetAction, options: FleetOptions): void {
  for (const action of ['add', 'place'] as const)
    for (const option of OPTIONS_OF[action])
      if (what !== action && options[option] !== undefined) {
        const name = option.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
        throw new InvalidArgumentError(`${what} takes no --${name}: ${action} does`);
      }
}

function engineOf(dataset: Dataset, { engine, sparkSql }: FleetOptions): Promise<Engine> {
  return engine === 'spark' ? SparkEngine.of(dataset, sparkSql) : DuckDBEngine.of(dataset);
}

function printQuery({ print }: Session, name: string): undefined {
  const queries = name === 'report' ? REPORT_QUERIES : QUERIES.filter((each) => each === name);
  if (queries.length === 0)
    throw new InvalidArgumentError(`no query is called '${name}': report, ${QUERIES.join(', ')}`);
  print(...sqlOf(queries).trimEnd().split('\n'));
}
