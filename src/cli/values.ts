/**
 * Values on the command line: sizes, addresses, whole numbers. A value that is none is a wrong
 * command line.
 */
import { InvalidArgumentError } from 'commander';
import { MOST_IN_A_SAMPLE, POLICIES, type PolicyName } from '../names.js';
import { didYouMean } from '../similar.js';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

const MAX_INTERVAL_SECONDS = 86_400;
/** Longer ones a timer of Node's cuts to 1 ms. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Bytes: `4096`, `0x1000`, `64KiB`, `64K`, `1.5GiB`. */
export function parseBytes(text: string): number {
  const [, hex, number, unit] =
    /^(?:(0x[0-9a-f]+)|(\d+(?:\.\d+)?)(?:([KMG])i?B?|B)?)$/i.exec(text) ?? [];
  const bytes =
    hex === undefined ? inBytes(Number(number), (unit ?? '').toUpperCase()) : Number(hex);
  if (!Number.isSafeInteger(bytes))
    throw new InvalidArgumentError('Write bytes like 4096, 0x1000, 64MiB or 1GiB.');
  return bytes;
}

/** Of a unit that is no byte, what is not a whole one is left out: 3.2GiB. */
function inBytes(number: number, unit: string): number {
  const bytes = number * (UNITS[unit] ?? Number.NaN);
  return unit === '' ? bytes : Math.floor(bytes);
}

export function parseCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(count)) throw new InvalidArgumentError('Write a whole number.');
  return count;
}

export function parsePositive(text: string): number {
  const count = parseCount(text);
  if (count === 0) throw new InvalidArgumentError('Write a whole number above 0.');
  return count;
}

/** As the kernel takes max_page_sharing. */
export function parsePageSharing(text: string): number {
  const count = parseCount(text);
  if (count < 2) throw new InvalidArgumentError('Write a whole number of at least 2.');
  return count;
}

/** Milliseconds that a timer can wait. */
export function parseTimeout(text: string): number {
  const timeout = parseCount(text);
  if (timeout > MAX_TIMEOUT_MS)
    throw new InvalidArgumentError(`Write milliseconds, at most ${MAX_TIMEOUT_MS}: 24 days.`);
  return timeout;
}

/** The same where there is no doing without. */
export function parsePositiveTimeout(text: string): number {
  parsePositive(text);
  return parseTimeout(text);
}

/** Seconds, whole or not: `5`, `0.5`. */
export function parseSeconds(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('Write seconds like 5 or 0.5.');
  return Number(text);
}

/** Seconds between two looks at the daemon. */
export function parseInterval(text: string): number {
  const interval = parseSeconds(text);
  if (interval < 0.1 || interval > MAX_INTERVAL_SECONDS)
    throw new InvalidArgumentError('Write seconds, 0.1 to 86400.');
  return interval;
}

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A length of time in milliseconds: `500ms`, `10s`, `1.5h`; a number alone is seconds. */
export function parseDuration(text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * (MS[unit] ?? Number.NaN));
  if (number === undefined || ms > MAX_TIMEOUT_MS)
    throw new InvalidArgumentError('Write a time like 500ms, 10s, 5m or 1.5h, at most 24 days.');
  return ms;
}

/** The same where no time will not do. */
export function parsePositiveDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === 0) throw new InvalidArgumentError('Write a time of at least a millisecond.');
  return ms;
}

/** One of those that there are. */
export function parseChoice(choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (choices.includes(text)) return text;
    throw new InvalidArgumentError(
      `Allowed choices are ${choices.join(', ')}.${didYouMean(text, choices)}`,
    );
  };
}

/** A share of one: `50%`. */
export function parsePercent(text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?) ?%$/.exec(text) ?? [];
  if (number === undefined || Number(number) === 0)
    throw new InvalidArgumentError('Write a share above 0, like 50%.');
  return Number(number) / 100;
}

/** Of something, some part, none or all: `25%`. */
export function parsePart(text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?) ?%$/.exec(text) ?? [];
  if (number === undefined || Number(number) > 100)
    throw new InvalidArgumentError('Write a part from 0% to 100%, like 25%.');
  return Number(number) / 100;
}

/** How many times as fast: `60`, `0.5`. */
export function parseSpeed(text: string): number {
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (speed === 0 || !Number.isFinite(speed))
    throw new InvalidArgumentError('Write how many times as fast, like 60 or 0.5.');
  return speed;
}

/** `1/64`: one in so many. */
export function parseSample(text: string): number {
  const [, n] = /^1\/(\d+)$/.exec(text) ?? [];
  if (n === undefined || Number(n) < 1 || Number(n) > MOST_IN_A_SAMPLE)
    throw new InvalidArgumentError(`Write one in so many, 1/1 to 1/${MOST_IN_A_SAMPLE}: 1/64.`);
  return Number(n);
}

/** A name, and the value it is to have. */
export type Assignment = readonly [name: string, value: string];

/** `NAME=VALUE`, one more of them. */
export function parseOneMore(text: string, before: readonly Assignment[] = []): Assignment[] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write NAME=VALUE.');
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
}

/** Who sets tunables, and the file that says how, if it takes one. */
export interface NamedPolicy {
  readonly name: PolicyName;
  readonly path?: string;
}

/** `NAME` or, of those that go by ksmtuned's rules, `NAME:FILE`; one more of them. */
export function parsePolicy(text: string, before: readonly NamedPolicy[] = []): NamedPolicy[] {
  const [, named = '', path] = /^([^:]*)(?::(.*))?$/.exec(text) ?? [];
  const name = POLICIES.find((each) => each === named);
  if (name === undefined || path === '' || (path !== undefined && name === 'advisor'))
    throw new InvalidArgumentError(
      'Write ksmtuned, throttled or advisor; ksmtuned:FILE with a ksmtuned.conf.' +
        didYouMean(named, POLICIES),
    );
  return [...before, path === undefined ? { name } : { name, path }];
}

/** `NAME=VALUE`, one more of them, and of another name. */
export function parseAssignment(
  text: string,
  before: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const [assignment] = parseOneMore(text);
  const [name, value] = assignment ?? ['', ''];
  if (before.has(name))
    throw new InvalidArgumentError(`${name} is there twice: write it in a command of its own.`);
  return new Map([...before, [name, value]]);
}
