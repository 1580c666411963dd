/** The command table. The command line, its help and README's list all follow from it; a test holds README to it. */
import { check } from './check.js';
import { completion } from './completion.js';
import { demo } from './demo.js';
import { explain } from './explain.js';
import { free } from './free.js';
import { get } from './get.js';
import { guests } from './guests.js';
import { kill } from './kill.js';
import { ksmpages } from './ksmpages.js';
import { logs } from './logs.js';
import { madvise } from './madvise.js';
import { profile } from './profile.js';
import { ps } from './ps.js';
import { read } from './read.js';
import { register } from './register.js';
import { replay } from './replay.js';
import { run } from './run.js';
import { scan } from './scan.js';
import { set } from './set.js';
import { snapshot } from './snapshot.js';
import { start } from './start.js';
import { status } from './status.js';
import { stop } from './stop.js';
import { top } from './top.js';
import { unregister } from './unregister.js';
import type { Verb } from './verb.js';
import { vmstat } from './vmstat.js';
import { write } from './write.js';

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
