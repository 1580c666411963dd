/** A snapshot's header, read from a file that anybody may have changed. */
import { Compile } from 'typebox/schema';
import { KsmdError } from '../errors.js';
import { kernelProfile } from '../ksm/kernels.js';
import { assertFingerprintSizes } from '../machine/frame-sizes.js';
import { MAX_BYTES, TOO_MANY_PAGES } from '../machine/geometry.js';
import { NAME_PATTERN, NAME_RULE } from '../names.js';
import { quoted } from '../printable.js';
import { frameBytesOf, MOST_FRAMES, mappedPages } from './format.js';
import { Header, type SnapshotHeader } from './header-schema.js';

const header = Compile(Header);

/**
 * Reads a header from the JSON in a file. EINVAL if it is none, or of what no machine can have.
 * Whether one has room for it is for the machine to say.
 */
export function decodeHeader(json: string): SnapshotHeader {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new KsmdError('EINVAL', 'its header is no JSON');
  }
  if (!header.Check(value)) throw new KsmdError('EINVAL', `its header is damaged: ${fault(value)}`);
  kernelProfile(value.kernel);
  assertFingerprintSizes(value.pageSize, frameBytesOf(value));
  const { frames } = value;
  if (
    mappedPages(value) > TOO_MANY_PAGES ||
    frames > MOST_FRAMES ||
    frames * frameBytesOf(value) > MAX_BYTES
  )
    throw new KsmdError('EINVAL', 'it holds more than any machine does');
  assertAlike(value);
  return value;
}

/** The first thing wrong with a header. */
function fault(value: unknown): string {
  const [, [error]] = header.Errors(value);
  if (error === undefined) return 'it is none';
  const { keyword, instancePath, message, params } = error;
  const place = instancePath.slice(1).replaceAll('/', '.');
  const isName = keyword === 'pattern' && 'pattern' in params && params.pattern === NAME_PATTERN;
  return `${place === '' ? 'it' : quoted(place)} ` + `${isName ? `must be ${NAME_RULE}` : message}`;
}

/** EINVAL unless regions that were one before a fork are alike in all that a fork copies. */
function assertAlike({ guests }: SnapshotHeader): void {
  const first = new Map<number, string>();
  for (const { regions } of guests)
    for (const { address, pages, node = '', stretches, kin } of regions) {
      if (kin === undefined) continue;
      const what = `${node} ${address} ${pages} ${stretches !== undefined}`;
      if ((first.get(kin) ?? what) !== what)
        throw new KsmdError('EINVAL', 'regions of it that a fork made are not alike');
      first.set(kin, what);
    }
}
