/**
 * The command table. The command line, its help and README's list all follow from it; a test holds
 * README to it.
 */
import * as daemon from './commands/daemon/verbs.js';
import * as fleet from './commands/fleet/verbs.js';
import * as follow from './commands/follow/verbs.js';
import * as foresee from './commands/foresee/verbs.js';
import * as guests from './commands/guests/verbs.js';
import * as lab from './commands/lab/verbs.js';
import * as look from './commands/look/verbs.js';
import * as record from './commands/record/verbs.js';
import * as settings from './commands/settings/verbs.js';
import * as workloads from './commands/workloads/verbs.js';
import type { Verb } from './verb.js';

export const VERBS: readonly Verb[] = [
  daemon.start,
  daemon.stop,
  daemon.wait,
  look.status,
  look.top,
  look.vmstat,
  look.free,
  guests.register,
  guests.unregister,
  guests.fork,
  guests.exec,
  guests.guests,
  look.explain,
  guests.read,
  guests.write,
  guests.madvise,
  guests.prctl,
  settings.get,
  settings.set,
  settings.scan,
  daemon.logs,
  lab.replay,
  lab.ksmpages,
  workloads.run,
  workloads.ps,
  workloads.kill,
  look.check,
  lab.profile,
  record.snapshot,
  record.capture,
  record.recording,
  follow.follow,
  foresee.estimate,
  foresee.shared,
  foresee.predict,
  foresee.plan,
  foresee.calibrate,
  fleet.fleet,
  lab.demo,
  lab.completion,
];

export interface VerbGroup {
  readonly heading: string;
  readonly verbs: readonly Verb[];
}

function group(heading: string, ...folders: readonly Readonly<Record<string, Verb>>[]): VerbGroup {
  const members = folders.flatMap((folder) => Object.values(folder));
  return { heading, verbs: VERBS.filter((verb) => members.includes(verb)) };
}

/** What verbs are for, as the help and the manual list them. */
export const VERB_GROUPS: readonly VerbGroup[] = [
  group('The daemon', daemon),
  group('What merges, and what it costs', look),
  group('Guests and their memory', guests),
  group('Tunables and counters', settings),
  group('Programs that run in guests', workloads),
  group('Live processes, recordings and snapshots', record, follow),
  group('What merging would save', foresee, fleet),
  group('To try, to check, and for the shell', lab),
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
