/** `ksmd fleet add`: recordings, one after the other; what is there already is passed over. */
import { InvalidArgumentError } from 'commander';
import { KsmdError } from '../../../errors.js';
import { type AddedDay, addRecording, DEFAULT_SAMPLE, identityFor } from '../../../fleet/add.js';
import { Dataset } from '../../../fleet/dataset.js';
import { DuckDBEngine } from '../../../fleet/duckdb.js';
import { Recording } from '../../../recording/recording.js';
import { count, figure } from '../../../wording/amounts.js';
import { StepLine } from '../../terminal/step-line.js';
import type { Session } from '../../verb.js';
import { withEngine } from './with-engine.js';

export async function add(
  { json, print, printJson }: Session,
  directory: string,
  paths: readonly string[],
  sample: number | undefined,
): Promise<undefined> {
  if (paths.length === 0) throw new InvalidArgumentError('name recordings to add');
  const line = new StepLine();
  const days: AddedDay[] = [];
  try {
    await withEngine(await DuckDBEngine.open(), async (engine) => {
      for (const [at, path] of paths.entries()) {
        line.tell(`adding ${at + 1} of ${paths.length}: ${path}`);
        days.push(...(await addOne(engine, directory, path, sample)));
      }
    });
  } finally {
    line.clear();
    // Also of those before one that cannot be added: they are there.
    if (json) printJson(days);
    else if (days.length > 0) print(...linesOf(days, directory));
  }
}

async function addOne(
  engine: DuckDBEngine,
  directory: string,
  path: string,
  sample: number | undefined,
): Promise<AddedDay[]> {
  const recording = await Recording.open(path);
  try {
    if (recording.sweeps === 0)
      throw new KsmdError('ENODATA', `${path} has no whole sweep: capture it for longer`);
    const identity = identityFor(recording, sample ?? DEFAULT_SAMPLE);
    const dataset = await Dataset.openOrCreate(directory, identity);
    if (sample !== undefined && sample !== dataset.identity.sample)
      throw new KsmdError(
        'EINVAL',
        `${directory} keeps one content in ${figure(dataset.identity.sample)}, and not in ` +
          `${figure(sample)}: leave --sample out, or begin another fleet`,
      );
    const days: AddedDay[] = [];
    for await (const day of addRecording(dataset, engine, recording)) days.push(day);
    return days;
  } finally {
    await recording.close();
  }
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
