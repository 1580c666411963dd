/** `ksmd fleet place`: which guests belong on one host, and what has to move for that. */
import { InvalidArgumentError } from 'commander';
import type { Estimated } from '../../../estimate/scale.js';
import { type Crowd, crowd } from '../../../fleet/crowd.js';
import type { FleetIdentity } from '../../../fleet/dataset.js';
import type { Engine } from '../../../fleet/engine.js';
import { type Placement, type PlacementFigures, place } from '../../../fleet/placement/place.js';
import { statementsOf } from '../../../fleet/queries.js';
import { sketchOf } from '../../../fleet/sketch.js';
import { count, figure, percent, size } from '../../../wording/amounts.js';
import { readTenants } from '../../read-tenants.js';
import { StepLine } from '../../terminal/step-line.js';
import { table } from '../../terminal/tables.js';
import type { Session } from '../../verb.js';
import { about, more, numberOf } from './rows.js';

export interface PlaceOptions {
  readonly hosts?: number;
  readonly memory?: number;
  readonly tenants?: string;
  readonly maxMoves?: number;
  readonly margin: number;
  readonly top: number;
}

export async function placeGuests(
  { json, print, printJson }: Session,
  engine: Engine,
  identity: FleetIdentity,
  options: PlaceOptions,
): Promise<void> {
  const { memory, tenants, maxMoves, margin } = options;
  if (memory === undefined)
    throw new InvalidArgumentError('say what each host has for guests: --memory 256GiB');
  const tenantOf = tenants === undefined ? () => '' : await readTenants(tenants);
  const [fleet] = await engine.rows(statementsOf('size'));
  const sketch = sketchOf(identity, numberOf(fleet, 'sampled_pages'));
  const { hosts: known, guests } = await crowd(engine, sketch, tenantOf);
  const hosts = options.hosts ?? known.length;
  const line = new StepLine();
  const placement = place(guests, {
    hosts,
    memoryPages: Math.floor(memory / identity.pageSize),
    pagesAContent: identity.sample * sketch.oneIn,
    breakMargin: margin,
    ...(maxMoves === undefined ? {} : { maxMoves }),
    onProgress: (share) => line.tell(`placing ${count(guests.length, 'guest')}: ${percent(share)}`),
  });
  line.clear();
  const names = namesOf(known, hosts);
  const told = { placement, names, guests, identity, memory, oneIn: sketch.oneIn, margin };
  if (json) printJson(asJson(told));
  else print(...linesOf(told, options.top));
}

/** Of hosts that are there, and of as many new ones as are wanted. */
function namesOf(known: readonly string[], wanted: number): string[] {
  const names = [...known];
  for (let number = 1; names.length < wanted; number++)
    if (!known.includes(`new-${number}`)) names.push(`new-${number}`);
  return names;
}

interface Told {
  readonly placement: Placement;
  /** Of hosts. */
  readonly names: readonly string[];
  readonly guests: Crowd['guests'];
  readonly identity: FleetIdentity;
  readonly memory: number;
  readonly oneIn: number;
  readonly margin: number;
}

function asJson({ placement, names, guests, identity, oneIn }: Told): object {
  const { hosts, saved, moves, hostOf, today, byChance, byMemory } = placement;
  return {
    pageSize: identity.pageSize,
    sample: identity.sample * oneIn,
    saved,
    today: today.saved,
    byChance: byChance?.saved ?? null,
    byMemory: byMemory?.saved ?? null,
    hosts: hosts.map((host, at) => ({ host: names[at], ...host })),
    guests: guests.map(({ name }, at) => ({ guest: name, host: names[hostOf[at] ?? 0] })),
    moves: moves.map(({ guest, from, to }) => ({
      guest: guests[guest]?.name,
      from: names[from],
      to: names[to],
    })),
  };
}

function linesOf(told: Told, top: number): string[] {
  const { placement, names, guests, identity, memory, oneIn, margin } = told;
  const { hosts, saved, moves, today, byChance, byMemory } = placement;
  const sample = identity.sample * oneIn;
  const bytes = (pages: number): string => size(pages * identity.pageSize);
  const savedOf = ({ pages, error }: Estimated): string => about(pages, error, bytes);
  const baseline = (name: string, figures: PlacementFigures | undefined): string[] => [
    name,
    figures === undefined ? 'does not fit' : savedOf(figures.saved),
    figures === undefined ? '' : faultsOf(figures),
  ];
  const faultsOf = ({ hosts }: PlacementFigures): string => {
    const full = hosts.filter(({ usedPages }) => usedPages * identity.pageSize > memory).length;
    const mixed = hosts.filter(({ tenants }) => tenants > 1).length;
    return [
      ...(full === 0 ? [] : [`${count(full, 'host')} too full`]),
      ...(mixed === 0 ? [] : [`${count(mixed, 'host')} of several tenants`]),
    ].join(', ');
  };
  return [
    `${count(guests.length, 'guest')} on ${count(hosts.length, 'host')} of ${size(memory)}: ` +
      `${savedOf(saved)} saved between guests, ${count(moves.length, 'move')}`,
    '',
    ...table(
      ['PLACEMENT', 'SAVED BETWEEN', ''],
      [
        ['as found here', savedOf(saved), ''],
        baseline('as today', today),
        baseline('first fit by memory', byMemory),
        baseline('by chance', byChance),
      ],
    ),
    '',
    ...table(
      ['HOST', 'GUESTS', 'USED', 'SAVED BETWEEN'],
      hosts
        .slice(0, top)
        .map((host, at) => [
          names[at] ?? '',
          figure(host.guests),
          bytes(host.usedPages),
          savedOf(host.saved),
        ]),
    ),
    ...more(hosts.length, top),
    '',
    ...(moves.length === 0
      ? []
      : [
          ...table(
            ['MOVE', 'TO'],
            moves
              .slice(0, top)
              .map(({ guest, to }) => [guests[guest]?.name ?? '', names[to] ?? '']),
          ),
          ...more(moves.length, top),
          '',
        ]),
    'As if all private memory were advised mergeable. USED is what a host takes at',
    'most once all is merged, and of what is saved between guests',
    `${percent(margin)} kept free, as writes break it apart. ` +
      'Found by search: there may be a better one.',
    ...(sample === 1
      ? []
      : [`Of one content in ${figure(sample)}: ± holds 95 times in 100, and is in USED.`]),
  ];
}
