/**
 * Scenarios: JSON files of steps to take on a host, and what a kernel's counters read after them.
 *
 * Parsing checks everything once: every op, field, value and name, guests and regions by the rule
 * of the socket's API, and how much is asked for in all. An EINVAL names the place of the first
 * thing wrong.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { KsmdError } from '../errors.js';
import { ADVICE, NAME_PATTERN, NAME_RULE } from '../names.js';
import { quoted, shortened } from '../printable.js';
import { CONTENT_KINDS } from './content.js';
import { Effort } from './effort.js';

const NAME_AND_CHILDREN_PATTERN = `${NAME_PATTERN.slice(0, -1)}(@[A-Za-z0-9._-]{1,64}){0,16}$`;
/** Names of regions there may be at a time: each fork names all of its parent's once more. */
const MOST_REGIONS = 2 ** 14;
const Name = Type.String({ pattern: NAME_PATTERN });
/** `NAME@CHILD` is what a child has of its parent's region NAME. */
const RegionName = Type.String({ pattern: NAME_AND_CHILDREN_PATTERN });
/** What a file of sysfs or a line of ksm_stat is called. */
const FileName = Type.String({ pattern: '^(khugepaged/)?[a-z0-9_]{1,64}$' });
const Count = Type.Integer({ minimum: 1, maximum: 2 ** 24 });
const Page = Type.Integer({ minimum: 0, maximum: 2 ** 24 });
const NumaNode = Type.Integer({ minimum: 0, maximum: 15 });
const U64 = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Counters = Type.Record(FileName, Type.Integer(), { additionalProperties: false });
/** Lines of ksm_stat, those that say yes or no included. */
const GuestCounters = Type.Record(
  FileName,
  Type.Union([Type.Integer(), Type.Literal('yes'), Type.Literal('no')]),
  { additionalProperties: false },
);
/** Pages resident in a guest's regions, and huge pages among them. */
const Memory = Type.Object(
  { rss: Type.Integer(), huge: Type.Integer() },
  { additionalProperties: false },
);
const Observation = Type.Object(
  {
    counters: Counters,
    guests: Type.Record(Name, GuestCounters, { additionalProperties: false }),
    khugepaged: Type.Optional(
      Type.Object(
        { pages_collapsed: Type.Integer(), full_scans: Type.Integer() },
        { additionalProperties: false },
      ),
    ),
    memory: Type.Optional(Type.Record(Name, Memory, { additionalProperties: false })),
  },
  { additionalProperties: false },
);
const Expect = Type.Optional(Observation);
/** The errno's name, where the kernel refused the step. */
const Refusal = Type.Optional(Type.String({ pattern: '^E[A-Z0-9]{1,20}$' }));

/** So many pages at a time, so often. */
const TURNS = {
  pages: Count,
  times: Type.Optional(Type.Integer({ minimum: 1, maximum: 100000 })),
  expect: Type.Optional(Type.Union([Observation, Type.Array(Observation)])),
};

function op<Fields extends Record<string, TSchema>>(fields: Fields) {
  return Type.Object({ op: Type.String(), ...fields }, { additionalProperties: false });
}

const OPS = {
  set: op({
    name: FileName,
    value: Type.Union([Type.Integer(), Type.String({ maxLength: 64 })]),
    error: Refusal,
    expect: Expect,
  }),
  guest: op({ guest: Name, node: Type.Optional(NumaNode) }),
  bind: op({ guest: Name, node: NumaNode }),
  region: op({
    guest: Name,
    region: Name,
    addr: Type.String({ pattern: '^0x[0-9a-fA-F]{1,12}$' }),
    pages: Count,
    mergeable: Type.Optional(Type.Boolean()),
    huge: Type.Optional(Type.Boolean()),
  }),
  fork: op({ guest: Name, child: Name }),
  fill: op({
    region: RegionName,
    page: Type.Optional(Page),
    count: Type.Optional(Count),
    content: Type.Enum([...CONTENT_KINDS]),
    arg: Type.Optional(U64),
    step: Type.Optional(U64),
  }),
  store: op({
    region: RegionName,
    page: Page,
    offset: Type.Integer({ minimum: 0, maximum: 4088 }),
    value: U64,
  }),
  madvise: op({
    region: RegionName,
    page: Type.Optional(Page),
    count: Type.Optional(Count),
    advice: Type.Enum([...ADVICE]),
    error: Refusal,
    expect: Expect,
  }),
  unmap: op({ region: RegionName, expect: Expect }),
  prctl: op({ guest: Name, merge: Type.Boolean(), error: Refusal, expect: Expect }),
  exec: op({ guest: Name, expect: Expect }),
  exit: op({ guest: Name, expect: Expect }),
  scan: op(TURNS),
  khugepaged: op(TURNS),
} as const;

const HEADER = Type.Object(
  {
    name: Type.Optional(Type.String()),
    about: Type.Optional(Type.String()),
    kernel: Type.Optional(Type.String()),
    mappings: Type.Optional(Type.Integer({ minimum: 0, maximum: 65536 })),
    ops: Type.Array(Type.Object({ op: Type.String() })),
  },
  { additionalProperties: false },
);

export type Observation = Static<typeof Observation>;
type OpOf<Kind extends keyof typeof OPS> = Omit<Static<(typeof OPS)[Kind]>, 'op'> & { op: Kind };
export type Op = { [Kind in keyof typeof OPS]: OpOf<Kind> }[keyof typeof OPS];

export interface Scenario {
  readonly name?: string;
  readonly about?: string;
  /** The kernel that was recorded, as `uname -r` says. */
  readonly kernel?: string;
  /** How many mappings each guest had besides its regions: khugepaged steps over them. */
  readonly mappings?: number;
  readonly ops: readonly Op[];
}

/** Recordings of it tell what is resident: there are huge pages or forks in it. */
export function hasMemory({ ops }: Scenario): boolean {
  return ops.some((step) => step.op === 'fork' || (step.op === 'region' && step.huge === true));
}

/** Recordings of it tell what ksm_stat says yes or no to: there is prctl or exec in it. */
export function hasAnswers({ ops }: Scenario): boolean {
  return ops.some((step) => step.op === 'prctl' || step.op === 'exec');
}

/** The text is no scenario: the message names the place. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

const NAME_PATTERNS: readonly unknown[] = [NAME_PATTERN, NAME_AND_CHILDREN_PATTERN];

/** Fields that a sentence names. */
const MOST_LISTED = 3;

const validators = new Map<TSchema, Validator>();

function check(schema: TSchema, value: unknown, place: string): void {
  let validator = validators.get(schema);
  if (validator === undefined) {
    validator = Compile(schema);
    validators.set(schema, validator);
  }
  if (validator.Check(value)) return;
  // A field too many is told twice, first as a value that no schema takes.
  const errors = validator.Errors(value);
  const error = errors.find(({ keyword }) => keyword !== 'boolean') ?? errors[0];
  if (error === undefined) throw new KsmdError('EINVAL', `${place}: is no valid step`);
  const path = shortened(error.instancePath.slice(1).replaceAll('/', '.'));
  throw new KsmdError(
    'EINVAL',
    `${place}${path === '' ? '' : `, ${path}`}: ` +
      `${explain(error.keyword, error.params, error.message)}`,
  );
}

function explain(keyword: string, params: object, message: string): string {
  if (keyword === 'additionalProperties' && 'additionalProperties' in params)
    return `has no field ${listed(params.additionalProperties)}`;
  if (keyword === 'required' && 'requiredProperties' in params)
    return `lacks ${listed(params.requiredProperties)}`;
  if (keyword === 'pattern' && 'pattern' in params && NAME_PATTERNS.includes(params.pattern))
    return `must be ${NAME_RULE}`;
  return message;
}

function listed(names: unknown): string {
  const all = Array.isArray(names) ? names : [names];
  return all
    .slice(0, MOST_LISTED)
    .map((name) => quoted(String(name)))
    .join(', ');
}

/**
 * Reads a scenario. EINVAL if it is none, or a step names a guest or region that is not
 * there.
 */
export function parseScenario(text: string): Scenario {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new KsmdError('EINVAL', `is no JSON: ${error instanceof Error ? error.message : error}`);
  }
  check(HEADER, value, 'scenario');
  const scenario = value as Scenario;
  const guests = new Set<string>();
  const regions = new Map<string, { guest: string; pages: number }>();
  const effort = new Effort();
  scenario.ops.forEach((step, index) => {
    const place = `ops[${index}]`;
    const schema: TSchema | undefined = Object.hasOwn(OPS, step.op) ? OPS[step.op] : undefined;
    if (schema === undefined)
      throw new KsmdError(
        'EINVAL',
        `${place}: there is no op ${quoted(step.op)} (there are ${Object.keys(OPS).join(', ')})`,
      );
    check(schema, step, `${place} (${step.op})`);
    checkNames(step, `${place} (${step.op})`, guests, regions);
    effort.add(step, `${place} (${step.op})`);
  });
  return scenario;
}

function checkNames(
  step: Op,
  place: string,
  guests: Set<string>,
  regions: Map<string, { guest: string; pages: number }>,
): void {
  const known = (guest: string): void => {
    if (!guests.has(guest))
      throw new KsmdError('EINVAL', `${place}: there is no guest '${guest}' at this point`);
  };
  const region = (name: string): { guest: string; pages: number } => {
    const found = regions.get(name);
    if (found === undefined)
      throw new KsmdError('EINVAL', `${place}: there is no region '${name}' at this point`);
    return found;
  };
  switch (step.op) {
    case 'guest':
      if (guests.has(step.guest))
        throw new KsmdError('EINVAL', `${place}: guest '${step.guest}' exists already`);
      guests.add(step.guest);
      break;
    case 'fork':
      known(step.guest);
      if (guests.has(step.child))
        throw new KsmdError('EINVAL', `${place}: guest '${step.child}' exists already`);
      guests.add(step.child);
      for (const [name, { guest, pages }] of [...regions])
        if (guest === step.guest)
          regions.set(`${name}@${step.child}`, { guest: step.child, pages });
      if (regions.size > MOST_REGIONS)
        throw new KsmdError('EINVAL', `${place}: more than ${MOST_REGIONS} regions at a time`);
      break;
    case 'region':
      known(step.guest);
      if (regions.has(step.region))
        throw new KsmdError('EINVAL', `${place}: region '${step.region}' exists already`);
      regions.set(step.region, { guest: step.guest, pages: step.pages });
      break;
    case 'fill':
    case 'madvise': {
      const { pages } = region(step.region);
      const first = step.page ?? 0;
      const end = step.count === undefined ? pages : first + step.count;
      if (first >= pages || end > pages)
        throw new KsmdError(
          'EINVAL',
          `${place}: pages ${first} to ${end - 1} of '${step.region}', which has ${pages}`,
        );
      break;
    }
    case 'store': {
      const { pages } = region(step.region);
      if (step.page >= pages)
        throw new KsmdError(
          'EINVAL',
          `${place}: page ${step.page} of '${step.region}', which has ${pages}`,
        );
      break;
    }
    case 'unmap':
      region(step.region);
      regions.delete(step.region);
      break;
    case 'bind':
    case 'prctl':
      known(step.guest);
      break;
    case 'exec':
    case 'exit':
      known(step.guest);
      if (step.op === 'exit') guests.delete(step.guest);
      for (const [name, { guest }] of regions) if (guest === step.guest) regions.delete(name);
      break;
    default:
  }
}
