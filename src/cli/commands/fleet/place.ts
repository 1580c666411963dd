/** `ksmd fleet place`: which guests belong on one host, and what has to move for that. */
import { InvalidArgumentError } from 'commander';
import { type Crowd, crowd } from '../../../fleet/crowd.js';
import type { FleetIdentity } from '../../../fleet/dataset.js';
import type { Engine } from '../../../fleet/engine.js';
import { FleetSize } from '../../../fleet/fleet-size.js';
import { type Placement, type PlacementFigures, place } from '../../../fleet/placement/place.js';
import { count, figure, percent, size, sizeAtMost } from '../../../wording/amounts.js';
import { readTenants } from '../../read-tenants.js';
import { type Column, fittedTable } from '../../terminal/fitted-table.js';
import { prose } from '../../terminal/rows.js';
import { StepLine } from '../../terminal/step-line.js';
import type { Session } from '../../verb.js';
import { about, estimateColumns, more } from './rows.js';

export interface PlaceOptions {
  readonly hosts?: number;
  readonly memory?: number;
  readonly tenants?: string;
  readonly maxMoves?: number;
  readonly margin?: number;
}

/** Where nobody says otherwise. */
const MARGIN = 0.25;

export async function placeGuests(
  { json, print, printJson }: Session,
  engine: Engine,
  identity: FleetIdentity,
  options: PlaceOptions,
  top: number,
): Promise<void> {
  const { memory, tenants, maxMoves, margin = MARGIN } = options;
  if (memory === undefined)
    throw new InvalidArgumentError('say what each host has for guests: --memory 256GiB');
  const tenantOf = tenants === undefined ? () => '' : await readTenants(tenants);
  const fleet = await FleetSize.of(engine, identity);
  const sketch = fleet.sketch();
  const { hosts: known, guests } = await crowd(engine, sketch, tenantOf);
  // The search takes long, and asks nothing more.
  await engine.close();
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
  const advised = fleet.advisedShare;
  const told = { placement, names, guests, identity, memory, oneIn: sketch.oneIn, margin, advised };
  if (json) printJson(asJson(told));
  else print(...placementScreen(told, top, process.stdout.columns));
}

/** Of hosts that are there, and of as many new ones as are wanted. */
function namesOf(known: readonly string[], wanted: number): string[] {
  const names = [...known];
  for (let number = 1; names.length < wanted; number++)
    if (!known.includes(`new-${number}`)) names.push(`new-${number}`);
  return names;
}

export interface PlacementTold {
  readonly placement: Placement;
  /** Of hosts. */
  readonly names: readonly string[];
  readonly guests: Crowd['guests'];
  readonly identity: FleetIdentity;
  readonly memory: number;
  readonly oneIn: number;
  readonly margin: number;
  /** The share of all memory that is advised mergeable today. */
  readonly advised: number;
}

function asJson({ placement, names, guests, identity, oneIn, advised }: PlacementTold): object {
  const { hosts, saved, moves, hostOf, today, byChance, byMemory } = placement;
  return {
    pageSize: identity.pageSize,
    sample: identity.sample * oneIn,
    advised,
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

export function placementScreen(
  told: PlacementTold,
  top: number,
  room = Number.POSITIVE_INFINITY,
): string[] {
  const { placement, names, guests, identity, memory, oneIn, margin, advised } = told;
  const { hosts, saved, moves } = placement;
  const sample = identity.sample * oneIn;
  const bytes = (pages: number): string => size(pages * identity.pageSize);
  const shown = hosts.slice(0, top).map((host, at) => ({ ...host, name: names[at] ?? '' }));
  const moved = moves
    .slice(0, top)
    .map(({ guest, to }) => ({ guest: guests[guest]?.name ?? '', to: names[to] ?? '' }));
  return [
    ...prose(
      [
        `${count(guests.length, 'guest')} on ${count(hosts.length, 'host')} of ${size(memory)}: ` +
          `${about(saved.pages, saved.error, bytes)} saved between guests, ` +
          `${count(moves.length, 'move')}`,
      ],
      room,
    ),
    '',
    ...comparison(told, bytes, room),
    '',
    ...fittedTable(
      [
        { head: 'HOST', of: ({ name }) => name, isName: true },
        { head: 'GUESTS', of: (host) => figure(host.guests), goes: 2 },
        { head: 'USED', of: ({ usedPages }) => sizeAtMost(usedPages * identity.pageSize), goes: 3 },
        ...estimateColumns('SAVED BETWEEN', shown, (host) => host.saved, bytes, 1),
      ],
      shown,
      room,
    ),
    ...more(hosts.length, top),
    '',
    ...(moves.length === 0
      ? []
      : [...fittedTable(MOVE_COLUMNS, moved, room), ...more(moves.length, top), '']),
    ...prose(
      [
        `As if all private memory were advised mergeable; ${percent(advised)} is now.`,
        'USED is what a host takes at most once all is merged. Zeroes and what is equal\n' +
          'within a guest count as gone, without a margin; of what is saved between guests\n' +
          `${percent(margin)} is kept free, as writes break it apart.`,
        'A guest that moves takes all of its memory until it is merged there.',
        'Found by search: there may be a better one.',
        ...(sample === 1
          ? []
          : [`Of one content in ${figure(sample)}: ± holds 95 times in 100, and is in USED.`]),
      ],
      room,
    ),
  ];
}

const MOVE_COLUMNS: readonly Column<{ readonly guest: string; readonly to: string }>[] = [
  { head: 'MOVE', of: ({ guest }) => guest, isName: true },
  { head: 'TO', of: ({ to }) => to, isName: true },
];

/** Placements side by side; what is wrong with one goes below where it has no room beside it. */
function comparison(
  { placement, identity, memory }: PlacementTold,
  bytes: (pages: number) => string,
  room: number,
): string[] {
  const { saved, today, byChance, byMemory } = placement;
  const faultsOf = ({ hosts }: PlacementFigures): string => {
    const full = hosts.filter(({ usedPages }) => usedPages * identity.pageSize > memory).length;
    const mixed = hosts.filter(({ tenants }) => tenants > 1).length;
    return [
      ...(full === 0 ? [] : [`${count(full, 'host')} too full`]),
      ...(mixed === 0 ? [] : [`${count(mixed, 'host')} of several tenants`]),
    ].join(', ');
  };
  const baseline = (name: string, figures: PlacementFigures | undefined) => ({
    name,
    saved: figures?.saved,
    faults: figures === undefined ? '' : faultsOf(figures),
  });
  const rows = [
    { name: 'as found here', saved, faults: '' },
    baseline('as today', today),
    baseline('first fit by memory', byMemory),
    baseline('by chance, one draw', byChance),
  ];
  const columns: Column<(typeof rows)[number]>[] = [
    { head: 'PLACEMENT', of: ({ name }) => name },
    ...estimateColumns('SAVED BETWEEN', rows, (row) => row.saved, bytes, 1),
  ];
  const beside = fittedTable(
    [...columns, { head: '', of: ({ faults }) => faults }],
    rows,
    Number.POSITIVE_INFINITY,
  );
  if (beside.every(({ length }) => length <= room)) return beside;
  const below = rows.flatMap(({ name, faults }) => (faults === '' ? [] : [`${name}: ${faults}`]));
  return [...fittedTable(columns, rows, room), ...prose(below, room)];
}
