/**
 * Which guest goes on which host, so that merging between guests saves most and every host has
 * memory enough. Best is not proven: what is found is never worse than today's placement, where
 * this fits; from scratch not worse than first-fit by memory or guests by chance either.
 *
 * The limit holds as the sample tells it, its error on the safe side, host by host. What a guest
 * will need tomorrow is not known here.
 */
import { KsmdError } from '../../errors.js';
import { type Estimated, Scale, Summed } from '../../estimate/scale.js';
import { placeByChance, placeByMemory } from './baselines.js';
import { climb } from './climb.js';
import { fill } from './fill.js';
import { HostMemory } from './host-memory.js';
import { isBetter, NOWHERE, Placed } from './placed.js';
import { relabelled } from './relabel.js';
import { type PlacedGuest, SampledFleet } from './sampled-fleet.js';
import { improve } from './search.js';
import { placeAsToday } from './today.js';

export interface PlacementOptions {
  readonly hosts: number;
  readonly memoryPages: number;
  /** A content of the sample stands for so many. */
  readonly pagesAContent: number;
  /** Of what is saved between guests, the share that is kept free, as writes break it apart. */
  readonly breakMargin: number;
  /** From today's placement, at most so many guests; undefined: from scratch. */
  readonly maxMoves?: number;
  /** Told now and then, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

export interface HostFigures {
  readonly guests: number;
  /** How many different ones its guests are of. */
  readonly tenants: number;
  /** Margin and error included. */
  readonly usedPages: number;
  /** Frames that merging between its guests gives back. */
  readonly saved: Estimated;
}

export interface PlacementFigures {
  readonly hosts: readonly HostFigures[];
  readonly saved: Estimated;
}

export interface Move {
  readonly guest: number;
  readonly from: number;
  readonly to: number;
}

export interface Placement extends PlacementFigures {
  readonly hostOf: Int32Array;
  readonly moves: readonly Move[];
  /** Whether it fits or not, hosts that are to be emptied included. */
  readonly today: PlacementFigures;
  /** Undefined where none was found that fits. */
  readonly byChance: PlacementFigures | undefined;
  readonly byMemory: PlacementFigures | undefined;
}

/** So often a placement by chance is tried. */
const CHANCES = 3;

/** ENOSPC where no placement is found that fits. */
export function place(guests: readonly PlacedGuest[], options: PlacementOptions): Placement {
  const { hosts, memoryPages, pagesAContent, breakMargin, maxMoves } = options;
  const fleet = new SampledFleet(guests);
  const memory = new HostMemory(pagesAContent, breakMargin, memoryPages);
  const placedBy = (how: (placed: Placed) => void): Placed => {
    const placed = new Placed(fleet, hosts, memory);
    how(placed);
    return placed;
  };
  const byMemory = placedBy(placeByMemory);
  let byChance = placedBy((placed) => placeByChance(placed, 0));
  for (let seed = 1; byChance.missing > 0 && seed < CHANCES; seed++)
    byChance = placedBy((placed) => placeByChance(placed, seed));
  const scale = new Scale(pagesAContent);
  const figuresIfFits = (placed: Placed): PlacementFigures | undefined =>
    placed.missing > 0 ? undefined : figuresOf(placed, scale);
  const baselines = { byChance: figuresIfFits(byChance), byMemory: figuresIfFits(byMemory) };

  let placed = placedBy(placeAsToday);
  if (maxMoves === undefined) {
    for (const other of [placedBy(fill), byMemory, byChance])
      if (isBetter(other, placed)) placed = other;
  } else {
    placed.maxMoves = maxMoves;
    for (const guest of placed.nowhere()) placed.settle(guest);
    if (placed.missing === 0) climb(placed);
  }
  improve(placed, options.onProgress ?? (() => {}));
  if (placed.missing > 0) throw noRoom(placed, options);
  const homes = guests.map(({ host }) => host);
  const hostsToday = homes.reduce((most, host) => Math.max(most, host + 1), hosts);
  const hostOf = maxMoves === undefined ? relabelled(placed.hostOf, homes, hosts) : placed.hostOf;
  return {
    hostOf,
    ...figuresOf(placedAt(hostOf, fleet, hosts, memory), scale),
    moves: homes.flatMap((from, guest) =>
      hostOf[guest] === from ? [] : [{ guest, from, to: hostOf[guest] }],
    ),
    today: figuresOf(placedAt(homes, fleet, hostsToday, memory), scale),
    ...baselines,
  };
}

function placedAt(
  hostOf: ArrayLike<number>,
  fleet: SampledFleet,
  hosts: number,
  memory: HostMemory,
): Placed {
  const placed = new Placed(fleet, hosts, memory);
  for (const guest of fleet.guests.keys()) placed.add(guest, hostOf[guest]);
  return placed;
}

function figuresOf(placed: Placed, scale: Scale): PlacementFigures {
  const saved = new Summed();
  for (const copies of placed.copiesOfContents()) saved.add(copies);
  return {
    hosts: placed.members.map((members, host) => ({
      guests: members.length,
      tenants: new Set(members.map((guest) => placed.fleet.guests[guest]?.tenant)).size,
      usedPages: placed.usedPages[host],
      saved: scale.of(placed.on(host)),
    })),
    saved: scale.of(saved),
  };
}

function noRoom(placed: Placed, { hosts, maxMoves }: PlacementOptions): KsmdError {
  const { guests } = placed.fleet;
  const left = guests.filter((_, guest) => placed.hostOf[guest] === NOWHERE);
  const more = maxMoves === undefined ? 'hosts or memory' : 'hosts, memory or moves';
  return new KsmdError(
    'ENOSPC',
    `no placement was found that fits on ${hosts === 1 ? 'one host' : `${hosts} hosts`}: ` +
      `${left.length} of ${guests.length} guests would be on none; allow more ${more}`,
  );
}
