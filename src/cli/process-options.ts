/** Options of several verbs, for processes and images; what they come to: selected-processes.ts. */
import { InvalidArgumentError, Option } from 'commander';
import { parsePositive } from './values.js';

/** What a pattern may have, each in braces: selection.ts fills them in. */
const FIELDS = ['name', 'comm', 'pid'];

export interface ProcessOptions {
  readonly pid?: readonly number[];
  readonly qemu?: true;
  readonly cgroup?: string;
  readonly unit?: string;
  readonly name?: string;
  readonly advised?: true;
  readonly all?: true;
}

export const PROCESS_OPTIONS: readonly Option[] = [
  new Option('--pid <pid>', 'a process; several times for several').argParser(
    (value: string, before: readonly number[] | undefined) => [
      ...(before ?? []),
      parsePositive(value),
    ],
  ),
  new Option('--qemu', 'all virtual machines of QEMU, by their names'),
  new Option('--cgroup <path>', 'all processes of a control group, and of those below it'),
  new Option('--unit <name>', 'all processes of a unit of systemd'),
  new Option(
    '--name <pattern>',
    'what guests are called: {comm}, {pid}, and {name} of a machine (default: {comm}-{pid})',
  ).argParser(parsePattern),
  new Option('--advised', 'of processes, only what is advised: what KSM sees now'),
  new Option('--all', 'of processes, all private memory, as if all were advised'),
];

function parsePattern(text: string): string {
  for (const [field, name = ''] of text.matchAll(/\{([^{}]*)\}/g))
    if (!FIELDS.includes(name))
      throw new InvalidArgumentError(
        `There is no ${field}: write ${FIELDS.map((each) => `{${each}}`).join(', ')}.`,
      );
  return text;
}

/** Of verbs that look at images beside processes. */
export const IMAGES_OPTION = new Option(
  '--image <file>',
  'an image of memory; several times for several',
).argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
