/** `ksmd fleet add`: recordings, one after the other; what is there already is passed over. */
import { InvalidArgumentError } from 'commander';
import { KsmdError } from '../../../errors.js';
import { type AddedDay, addRecording, DEFAULT_SAMPLE, identityFor } from '../../../fleet/add.js';
import { Dataset, type FleetIdentity } from '../../../fleet/dataset.js';
import { DuckDBEngine } from '../../../fleet/duckdb.js';
import { Recording } from '../../../recording/recording.js';
import { count, figure } from '../../../wording/amounts.js';
import { complain } from '../../terminal/output.js';
import { StepLine } from '../../terminal/step-line.js';
import type { Session } from '../../verb.js';
import { assertHasSweeps } from '../foresee/whole-sweeps.js';
import { withEngine } from './with-engine.js';

/** A recording that cannot be added is told of, and the others are: then the exit status is 1. */
export async function add(
  { json, print, printJson }: Session,
  directory: string,
  paths: readonly string[],
  sample: number | undefined,
): Promise<number> {
  if (paths.length === 0) throw new InvalidArgumentError('name recordings to add');
  const line = new StepLine();
  const days: AddedDay[] = [];
  let failed = 0;
  const tellAdded = (): void => {
    line.clear();
    if (json) printJson(days);
    else if (days.length > 0) print(...linesOf(days, directory));
  };
  const addAll = async (engine: DuckDBEngine, ended: AbortSignal): Promise<void> => {
    const orTold = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await work();
      } catch (error) {
        if (ended.aborted || !(error instanceof KsmdError)) throw error;
        failed++;
        line.clear();
        complain(error.line);
        return undefined;
      }
    };
    for (const [at, path] of paths.entries()) {
      line.tell(`adding ${at + 1} of ${paths.length}: ${path}`);
      const recording = await orTold(() => opened(path, line));
      if (recording === undefined) continue;
      try {
        const identity = await orTold(async () => identityFor(recording, sample ?? DEFAULT_SAMPLE));
        if (identity === undefined) continue;
        // What is wrong with the fleet is wrong with it for all of them.
        const dataset = await fleetOf(directory, identity, sample);
        await orTold(async () => {
          for await (const day of addRecording(dataset, engine, recording)) days.push(day);
        });
      } finally {
        await recording.close();
      }
    }
  };
  try {
    await withEngine(await DuckDBEngine.open(), addAll, tellAdded);
  } finally {
    tellAdded();
  }
  return failed === 0 ? 0 : 1;
}

/** ENODATA if there is nothing in it to be added. What is not whole is told of. */
async function opened(path: string, line: StepLine): Promise<Recording> {
  const recording = await Recording.open(path);
  try {
    line.clear();
    assertHasSweeps(recording);
    return recording;
  } catch (error) {
    await recording.close();
    throw error;
  }
}

async function fleetOf(
  directory: string,
  wanted: FleetIdentity,
  sample: number | undefined,
): Promise<Dataset> {
  const dataset = await Dataset.openOrCreate(directory, wanted);
  if (sample === undefined || sample === dataset.identity.sample) return dataset;
  throw new KsmdError(
    'EINVAL',
    `${directory} keeps one content in ${figure(dataset.identity.sample)}, and not in ` +
      `${figure(sample)}: leave --sample out, or begin another fleet`,
  );
}

function linesOf(days: readonly AddedDay[], directory: string): string[] {
  const added = days.filter(({ rows }) => rows !== undefined);
  const hosts = new Set(added.map(({ host }) => host));
  const there = days.length - added.length;
  const pages = added.reduce((sum, day) => sum + (day.presentPages ?? 0), 0);
  const rows = added.reduce((sum, day) => sum + (day.rows ?? 0), 0);
  return [
    `${count(added.length, 'day')} of ${count(hosts.size, 'host')} added to ${directory}: ` +
      `${count(pages, 'page')} as ${count(rows, 'row')}` +
      (there === 0 ? '' : `; ${figure(there)} there already`),
  ];
}
