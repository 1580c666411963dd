/** `ksmd register`: guests with the memory of processes, live or recorded, of a file, or none. */
import { InvalidArgumentError } from 'commander';
import { hex } from '../../../hex.js';
import { openImage } from '../../../sources/images/open-image.js';
import { filledIn, type SelectedProcess } from '../../../sources/process/selection.js';
import type { LeftOut } from '../../../sources/source.js';
import { count, size } from '../../../wording/amounts.js';
import type { ProcessOptions } from '../../process-options.js';
import {
  type NamedProcess,
  named,
  selectedProcesses,
  selectionOf,
} from '../../selected-processes.js';
import { hanging } from '../../terminal/rows.js';
import type { Action, Session } from '../../verb.js';
import { PageUpload } from './page-upload.js';
import { registerProcesses } from './register-process.js';
import { registerSource } from './register-source.js';
import { unlessTakenBack } from './unfinished.js';
import { withNewGuest } from './with-new-guest.js';

/** Where a machine's memory goes, which begins at 0. */
const FIRST_ADDRESS = 0x100000000;

interface RegisterOptions extends ProcessOptions {
  readonly image?: string;
  readonly raw?: true;
  readonly recording?: string;
  readonly pages?: number;
  readonly address?: number;
  readonly huge?: true;
  readonly node?: number;
  readonly key?: string;
}

/** Where its region goes, and whether it is advised to huge pages. */
interface Placed {
  readonly address?: number;
  readonly huge?: boolean;
}

/** A guest that was made; of processes it is known what they have advised. */
interface Made {
  readonly guest: string;
  readonly source: {
    readonly leftOut: readonly LeftOut[];
    readonly facts?: { readonly advisedBytes: number };
  };
  readonly registeredBytes: number;
}

export const action: Action<[string | undefined], RegisterOptions> = async (
  session,
  [guest],
  options,
) => {
  if (!session.json) {
    const print = (...lines: readonly string[]): void =>
      session.print(...hanging(lines, process.stdout.columns));
    await unlessTakenBack(register({ ...session, print }, guest, options));
    return undefined;
  }
  const taken = await unlessTakenBack(register({ ...session, print: () => {} }, guest, options));
  session.printJson(taken.map(asJson));
  return undefined;
};

function asJson({ guest, source: { leftOut, facts }, registeredBytes }: Made): object {
  return { guest, registeredBytes, advisedBytes: facts?.advisedBytes, leftOut };
}

async function register(
  session: Session,
  guest: string | undefined,
  options: RegisterOptions,
): Promise<readonly Made[]> {
  const { pid, qemu, cgroup, unit, image, raw, recording, pages } = options;
  const { name, address, huge, node, key } = options;
  const ways = [pid, qemu, cgroup, unit, image, recording, pages];
  if (ways.filter((way) => way !== undefined).length !== 1)
    throw new InvalidArgumentError(
      'register takes one of --pid, --qemu, --cgroup, --unit, --image, --recording and --pages',
    );
  if (raw !== undefined && image === undefined)
    throw new InvalidArgumentError('--raw goes with --image');
  if (image === undefined && pages === undefined) {
    if (address !== undefined)
      throw new InvalidArgumentError(
        'processes keep their addresses: --address goes with --image or --pages',
      );
    if (huge !== undefined)
      throw new InvalidArgumentError('--huge goes with --image or --pages, not with processes');
    if (recording !== undefined) return registerRecorded(session, recording, guest, options);
    const wanted = allNamed(await selectedProcesses(options), guest, name);
    return registerProcesses(session, wanted, selectionOf(options), { node, key });
  }
  if (pages !== undefined && key !== undefined)
    throw new InvalidArgumentError('--pages are untouched: they take no --key');
  if (guest === undefined || name !== undefined)
    throw new InvalidArgumentError('--image and --pages take the name of one guest');
  const placed = {
    ...(address === undefined ? {} : { address }),
    ...(huge === undefined ? {} : { huge }),
  };
  if (image !== undefined)
    return registerImage(session, guest, image, { ...placed, raw: raw ?? false, node, key });
  return registerEmpty(session, guest, pages ?? 0, placed, node);
}

/** Those of a recording are called as there, unless it is said how. */
async function registerRecorded(
  session: Session,
  path: string,
  guest: string | undefined,
  options: RegisterOptions,
): Promise<readonly Made[]> {
  const { name: pattern, node, key } = options;
  if (guest !== undefined && pattern !== undefined) throw twoNames();
  if (key !== undefined)
    throw new InvalidArgumentError('a recording has fingerprints already: it takes no --key');
  // What reads recordings is loaded for them alone.
  const { registerRecording } = await import('./register-recording.js');
  return registerRecording(session, path, {
    selection: selectionOf(options),
    node,
    nameOf: (facts, guests) => {
      if (guest === undefined) return filledIn(pattern ?? '{name}', facts);
      if (guests === 1) return guest;
      // Images have no numbers.
      return `${guest}-${facts.pid === 0 ? filledIn('{name}', facts) : facts.pid}`;
    },
  });
}

/** One is called as it is said, several with their numbers; by the pattern, where there is one. */
function allNamed(
  processes: readonly SelectedProcess[],
  guest: string | undefined,
  pattern: string | undefined,
): NamedProcess[] {
  if (guest !== undefined && pattern !== undefined) throw twoNames();
  const [only, ...others] = processes;
  if (guest !== undefined && only !== undefined && others.length === 0)
    return [{ guest, pid: only.pid }];
  return processes.map((process) =>
    guest === undefined
      ? named(process, pattern)
      : { guest: `${guest}-${process.pid}`, pid: process.pid },
  );
}

function twoNames(): InvalidArgumentError {
  return new InvalidArgumentError('either a name or --name, a pattern');
}

interface ImageOptions {
  readonly address?: number;
  readonly huge?: boolean;
  readonly raw: boolean;
  readonly node: number | undefined;
  readonly key: string | undefined;
}

async function registerEmpty(
  { client, print }: Session,
  guest: string,
  pages: number,
  placed: Placed,
  node: number | undefined,
): Promise<readonly Made[]> {
  const region = await withNewGuest(
    client,
    guest,
    () => client.map(guest, 'memory', { pages, ...placed }),
    node,
  );
  print(`${guest}: ${count(pages, 'untouched page')} at ${hex(region.address)}`);
  return [{ guest, source: { leftOut: [] }, registeredBytes: 0 }];
}

async function registerImage(
  { client, print }: Session,
  guest: string,
  path: string,
  { address, huge = false, raw, node, key }: ImageOptions,
): Promise<readonly Made[]> {
  const source = await openImage(path, { raw });
  try {
    const upload = await PageUpload.to(client, key);
    const { firstAddress, regions, presentBytes } = await registerSource(
      client,
      upload,
      guest,
      source,
      {
        offset: address ?? (source.addresses === 'physical' ? FIRST_ADDRESS : 0),
        huge,
        node,
      },
    );
    const where = regions === 1 ? `at ${hex(firstAddress)}` : `in ${count(regions, 'region')}`;
    print(
      `${guest}: ${count(presentBytes / source.pageSize, 'page')} (${size(presentBytes)}) of ` +
        `${path} ${where} (${source.title})`,
    );
    if (source.leftOut.length > 0) {
      const reasons = source.leftOut.map(({ reason, bytes }) => `${size(bytes)} ${reason}`);
      print(`  left out: ${reasons.join(', ')}`);
    }
    print(...upload.notes);
    return [{ guest, source, registeredBytes: presentBytes }];
  } finally {
    await source.close();
  }
}
