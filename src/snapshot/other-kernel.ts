/**
 * A snapshot under another kernel than the one it was taken of: what that has no place for is left
 * out, in words for whoever reads them. What the snapshot's own kernel cannot have had is none of
 * this: that is a forged file, and refused as under its own.
 */
import { CTL_FRAMES, PTE_FRAME, SLOT_WORDS } from '../core/layout.js';
import type { Host } from '../ksm/host.js';
import { type KernelProfile, kernelProfile } from '../ksm/kernels.js';
import type { SnapshotHeader } from './header-schema.js';

/** A header with nothing in it that a kernel lacks, and what was left out, a sentence each. */
export interface FittedHeader {
  readonly header: SnapshotHeader;
  readonly leftOut: readonly string[];
}

export function fitted(header: SnapshotHeader, profile: KernelProfile): FittedHeader {
  const before = kernelProfile(header.kernel);
  const linux = `Linux ${profile.name}`;
  const lost = before.tunables.filter(
    (name) => name in header.tunables && !profile.tunables.includes(name),
  );
  const losesMerge = before.prctlMerge && !profile.prctlMerge;
  const losesInherited = before.forkInheritsCounts && !profile.forkInheritsCounts;
  const merging = header.guests.filter(({ mergesAny }) => losesMerge && mergesAny === true);
  const counting = header.guests.filter(({ inherited }) => losesInherited && inherited);
  const names = (guests: SnapshotHeader['guests']): string =>
    guests.map(({ name }) => name).join(', ');
  return {
    header: {
      ...header,
      tunables: Object.fromEntries(
        Object.entries(header.tunables).filter(([name]) => !lost.some((each) => each === name)),
      ),
      guests: header.guests.map(({ mergesAny, inherited, ...guest }) => ({
        ...guest,
        ...(mergesAny === true && !losesMerge ? { mergesAny } : {}),
        ...(inherited !== undefined && !losesInherited ? { inherited } : {}),
      })),
    },
    leftOut: [
      ...(lost.length === 0 ? [] : [`${linux} has no ${lost.join(', ')}: left out`]),
      ...(merging.length === 0
        ? []
        : [
            `${linux} has no PR_SET_MEMORY_MERGE: what is mergeable stays so, and what ` +
              `${names(merging)} will map is not`,
          ]),
      ...(counting.length === 0
        ? []
        : [`${linux} has forks count from 0: what ${names(counting)} took over is left out`]),
    ],
  };
}

/**
 * Before KSM pages are listed on a host whose kernel has no chains, and the snapshot's has: those
 * of one content become one, as there they would never have been several. In words what came of it.
 */
export function mergeEqual(host: Host, header: SnapshotHeader): string[] {
  const { machine, profile } = host;
  if (profile.chains !== 'none' || kernelProfile(header.kernel).chains === 'none') return [];
  const { frames, pages, memory } = machine;
  const { i32, core } = memory;
  /** KSM pages that stay, by their checksum. */
  const staying = new Map<number, number[]>();
  /** By frame: the one of its content that stays. */
  const standsFor = new Int32Array(i32[CTL_FRAMES]);
  let moved = 0;
  for (const slot of slotsOf(host, header)) {
    const frame = i32[slot + PTE_FRAME];
    if (frame === 0 || !frames.isKsm(frame)) continue;
    if (standsFor[frame] === 0) {
      const checksum = memory.frameChecksum(frame);
      const alike = staying.get(checksum) ?? [];
      const equal = alike.find((other) => core.framesEqual(frame, other) !== 0);
      if (equal === undefined) staying.set(checksum, [...alike, frame]);
      standsFor[frame] = equal ?? frame;
    }
    if (standsFor[frame] === frame) continue;
    pages.drop(slot);
    pages.mapFrame(slot, standsFor[frame]);
    moved++;
  }
  return moved === 0
    ? []
    : [`Linux ${profile.name} shares no content in two frames: ${moved} pages moved to another`];
}

function* slotsOf(host: Host, { guests }: SnapshotHeader): Generator<number, void, void> {
  for (const { name, regions } of guests)
    for (const region of regions) {
      const first = host.guests.firstSlot(name, region.name);
      const end = first + region.pages * SLOT_WORDS;
      for (let slot = first; slot < end; slot += SLOT_WORDS) yield slot;
    }
}
