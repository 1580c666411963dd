/**
 * The secret that fingerprints are made with. Who has it can test a guess about a page; so it is
 * made by chance, kept in a file that its owner alone may read, and never written anywhere else.
 * Hosts whose pages are to be compared share the file.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { KsmdError, systemError } from '../errors.js';
import { quoted } from '../printable.js';

const KEY_BYTES = 32;
const TEXT = /^([0-9a-f]{64})\n?$/;
/** Longer than any key, so that a wrong file is told from one. */
const MOST_TEXT_BYTES = 128;
const OF_OTHERS = 0o077;

export class FingerprintKey {
  /** Tells keys apart, and nothing of the key: what a recording says of it. 16 hex digits. */
  readonly id: string;

  constructor(
    /** 32, to be given to nobody. */
    readonly bytes: Uint8Array,
  ) {
    if (bytes.length !== KEY_BYTES) throw new RangeError(`a key of ${bytes.length} bytes`);
    this.id = createHash('sha256').update('ksmd key id').update(bytes).digest('hex').slice(0, 16);
  }

  static random(): FingerprintKey {
    return new FingerprintKey(randomBytes(KEY_BYTES));
  }

  toString(): string {
    return `key ${this.id}`;
  }
}

/** Where a user's key is, unless another is named. */
export function defaultKeyPath(env: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CONFIG_HOME: config } = env;
  return join(
    config?.startsWith('/') === true ? config : join(homedir(), '.config'),
    'ksmd',
    'key',
  );
}

/**
 * The key of that file, which is made if there is none. EACCES if others may read it; EINVAL if it
 * is no key.
 */
export async function keyOf(path: string): Promise<FingerprintKey> {
  return (await keyIn(path)) ?? (await makeKey(path));
}

async function keyIn(path: string): Promise<FingerprintKey | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw new KsmdError('EINVAL', `${quoted(path)} is no file`);
      if ((stat.mode & OF_OTHERS) !== 0)
        throw new KsmdError(
          'EACCES',
          `the key in ${quoted(path)} may be read by others: chmod 600, if none has yet`,
        );
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MOST_TEXT_BYTES), 0);
      const [, hex] = TEXT.exec(buffer.toString('latin1', 0, bytesRead)) ?? [];
      if (hex === undefined)
        throw new KsmdError('EINVAL', `${quoted(path)} holds no key: 64 hex digits and a newline`);
      return new FingerprintKey(Buffer.from(hex, 'hex'));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof KsmdError) throw error;
    if (hasCode(error, 'ENOENT')) return undefined;
    throw systemError(error, `cannot read the key in ${quoted(path)}`);
  }
}

/** Of two that make one at once both get the same. */
async function makeKey(path: string): Promise<FingerprintKey> {
  const made = FingerprintKey.random();
  const unfinished = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    for (const folder of [dirname(dirname(path)), dirname(path)]) await makeFolder(folder);
    const file = await open(unfinished, 'wx', 0o600);
    try {
      await file.writeFile(`${Buffer.from(made.bytes).toString('hex')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    try {
      await link(unfinished, path);
      return made;
    } catch (error) {
      const theirs = hasCode(error, 'EEXIST') ? await keyIn(path) : undefined;
      if (theirs === undefined) throw error;
      return theirs;
    }
  } catch (error) {
    if (error instanceof KsmdError) throw error;
    throw systemError(error, `cannot make a key in ${quoted(path)}`);
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
