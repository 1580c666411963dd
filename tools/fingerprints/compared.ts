/**
 * One scenario played twice, on a host that holds pages and on one that holds something in place of
 * them: which counters were not the same, how often, and by how much.
 */
import type { StandIn } from '../../src/conformance/pages-beside.js';
import { Player } from '../../src/conformance/player.js';
import type { Observation, Op, Scenario } from '../../src/conformance/scenario.js';
import { checkHost } from '../../src/inspect/check.js';
import type { Host } from '../../src/ksm/host.js';
import type { KernelProfile } from '../../src/ksm/kernels.js';

/** Full scans that leave nothing out. */
const TO_REST: Op = { op: 'scan', pages: 2 ** 24, times: 6 };

type Figure = number | string;

export interface Difference {
  /** Of the times that counters were looked at. */
  readonly times: number;
  readonly most: number;
}

export interface Compared {
  /** Times that counters were looked at. */
  readonly observations: number;
  /** By counter; `guest …` and `memory …`: of any guest. */
  readonly differences: ReadonlyMap<string, Difference>;
  /** The same when both have come to rest after the scenario. */
  readonly atRest: ReadonlyMap<string, Difference>;
}

/** Throws if one host does what the other refuses, or a recount of either finds it wrong. */
export function compared(scenario: Scenario, profile: KernelProfile, standIn: StandIn): Compared {
  const pages = new Player(scenario, profile);
  const inPlace = new Player(scenario, profile, standIn);
  const differences = new Map<string, Difference>();
  let observations = 0;
  for (const [index, step] of scenario.ops.entries())
    for (const [wanted, seen] of bothPlayed(pages, inPlace, step, index)) {
      observations++;
      for (const [name, by] of differing(wanted, seen)) count(differences, name, by);
    }
  const atRest = new Map<string, Difference>();
  for (const { host } of [pages, inPlace]) if (profile.smartScan) host.files.set('smart_scan', 0);
  // What the last batch and all of it came to.
  const last = bothPlayed(pages, inPlace, TO_REST, scenario.ops.length).slice(-2);
  for (const [wanted, seen] of last)
    for (const [name, by] of differing(wanted, seen)) count(atRest, name, by);
  const disagreements = [...checkHost(pages.host), ...checkHost(inPlace.host)];
  if (disagreements.length > 0) throw new Error(disagreements.join('\n'));
  return { observations, differences, atRest };
}

function bothPlayed(
  pages: Player,
  inPlace: Player,
  step: Op,
  index: number,
): (readonly [Observation, Observation])[] {
  const wanted = pages.play(step, index);
  const got = inPlace.play(step, index);
  if (wanted.error !== got.error)
    throw new Error(`step ${index} (${step.op}): ${wanted.error} of pages, else ${got.error}`);
  return [
    ...wanted.seen.map((seen, batch) => [seen, got.seen[batch] ?? seen] as const),
    [resident(pages.host), resident(inPlace.host)],
  ];
}

/** Recordings tell it of some scenarios only. */
function resident(host: Host): Observation {
  const guests = host.guests
    .names()
    .map((guest) => [guest, { rss: host.guests.presentPages(guest) }]);
  return { counters: { frames: host.machine.frames.used }, guests: Object.fromEntries(guests) };
}

/** By name, by how much. */
function* differing(
  wanted: Observation,
  seen: Observation,
): Generator<readonly [string, number], void, undefined> {
  const got = new Map(figures(seen));
  for (const [name, value] of figures(wanted)) {
    const other = got.get(name);
    if (value === other) continue;
    const by = Math.abs(Number(value) - Number(other));
    yield [name.replace(/^(guest|memory) \S+/, '$1'), Number.isNaN(by) ? 1 : by];
  }
}

/** Every figure of an observation, by name. */
function figures({ counters, guests, memory, khugepaged }: Observation): [string, Figure][] {
  const named = (what: string, of: Readonly<Record<string, Figure>>): [string, Figure][] =>
    Object.entries(of).map(([name, value]) => [`${what}${name}`, value]);
  return [
    ...named('', counters),
    ...named('khugepaged ', { ...khugepaged }),
    ...Object.entries(guests).flatMap(([guest, of]) => named(`guest ${guest} `, of)),
    ...Object.entries(memory ?? {}).flatMap(([guest, of]) => named(`memory ${guest} `, of)),
  ];
}

function count(differences: Map<string, Difference>, name: string, by: number): void {
  const { times, most } = differences.get(name) ?? { times: 0, most: 0 };
  differences.set(name, { times: times + 1, most: Math.max(most, by) });
}
