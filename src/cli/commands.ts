/**
 * The command table. The command line, its help and README's list all follow from it; a test holds
 * README to it.
 */
import { logs } from './commands/daemon/logs.js';
import { start } from './commands/daemon/start.js';
import { stop } from './commands/daemon/stop.js';
import { guests } from './commands/guests/guests.js';
import { kill } from './commands/guests/kill.js';
import { madvise } from './commands/guests/madvise.js';
import { ps } from './commands/guests/ps.js';
import { read } from './commands/guests/read.js';
import { register } from './commands/guests/register.js';
import { run } from './commands/guests/run.js';
import { unregister } from './commands/guests/unregister.js';
import { write } from './commands/guests/write.js';
import { completion } from './commands/lab/completion.js';
import { demo } from './commands/lab/demo.js';
import { ksmpages } from './commands/lab/ksmpages.js';
import { profile } from './commands/lab/profile.js';
import { replay } from './commands/lab/replay.js';
import { check } from './commands/look/check.js';
import { explain } from './commands/look/explain.js';
import { free } from './commands/look/free.js';
import { status } from './commands/look/status.js';
import { top } from './commands/look/top.js';
import { vmstat } from './commands/look/vmstat.js';
import { snapshot } from './commands/record/snapshot.js';
import { get } from './commands/settings/get.js';
import { scan } from './commands/settings/scan.js';
import { set } from './commands/settings/set.js';
import type { Verb } from './verb.js';

export const VERBS: readonly Verb[] = [
  start,
  stop,
  status,
  top,
  vmstat,
  free,
  register,
  unregister,
  guests,
  explain,
  read,
  write,
  madvise,
  get,
  set,
  scan,
  logs,
  replay,
  ksmpages,
  run,
  ps,
  kill,
  check,
  profile,
  snapshot,
  demo,
  completion,
];

/** README's list. */
export function markdownList(): string {
  const rows = VERBS.map((verb) => `| \`${usage(verb)}\` | ${verb.summary} |`);
  return ['| command | what it does |', '| --- | --- |', ...rows].join('\n');
}

function usage(verb: Verb): string {
  const values = verb.arguments.map((argument) => {
    const name = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return ['ksmd', verb.name, ...values].join(' ');
}
