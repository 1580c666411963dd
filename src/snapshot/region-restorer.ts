/**
 * The regions of a snapshot: mapped, advised and forked as they were, and their stretches mapped as
 * huge pages or page by page. EINVAL for what these cannot be.
 */
import {
  HUGE_TOUCHED,
  PTE_FRAME,
  PTE_PRESENT,
  PTE_STATE,
  REGION_HUGE,
  SLOT_REGION,
  SLOT_WORDS,
  STRETCH_PAGES,
} from '../core/layout.js';
import { KsmdError } from '../errors.js';
import type { Host } from '../ksm/host.js';
import { PAGE_MERGEABLE, STRETCH_LETTERS } from './format.js';
import type { SnapshotRegion } from './header-schema.js';

export class RegionRestorer {
  /** Of each region that a fork has copied or made, the number of all that were one before. */
  readonly kin = new Map<number, number>();
  private readonly firstOfKin = new Map<number, number>();

  constructor(private readonly host: Host) {}

  /** Maps the region, its pages untouched, advised as `maps` say. Its first slot. */
  map(guest: string, region: SnapshotRegion, maps: Int32Array): number {
    const { host } = this;
    const { name, address, pages, node, stretches, touched = false, kin } = region;
    const huge = stretches !== undefined;
    host.map(guest, name, pages, { address, mergeable: false, huge, node });
    this.adviseMergeable(guest, address, maps);
    const { machine } = host;
    const slot = host.guests.firstSlot(guest, name);
    const pointer = machine.memory.i32[slot + SLOT_REGION];
    if (touched && !huge)
      throw new KsmdError('EINVAL', 'a region of it has met huge pages that it is not advised to');
    if (touched) machine.memory.i32[pointer + REGION_HUGE] |= HUGE_TOUCHED;
    if (kin !== undefined) {
      const first = this.firstOfKin.get(kin) ?? pointer;
      machine.regions.joinKin(pointer, first);
      this.firstOfKin.set(kin, first);
      this.kin.set(pointer, kin);
    }
    // Page by page, until all are there.
    for (const start of machine.stretches.of(pointer)) machine.stretches.mapSmall(start);
    return slot;
  }

  /** The pages of the region that begins at `slot` are there: its stretches are as they were. */
  mapStretches(slot: number, { stretches = '' }: SnapshotRegion): void {
    const { machine } = this.host;
    const starts = [...machine.stretches.of(machine.memory.i32[slot + SLOT_REGION])];
    if (starts.length !== stretches.length)
      throw new KsmdError(
        'EINVAL',
        `a region of it has ${starts.length} stretches, and says of ${stretches.length} what ` +
          'they are',
      );
    for (const [index, start] of starts.entries()) {
      const letter = stretches[index];
      if (letter === STRETCH_LETTERS.huge) {
        this.assertHugePage(start);
        machine.stretches.mapHuge(start);
      } else if (letter === STRETCH_LETTERS.untouched) {
        if (machine.stretches.isTouched(start))
          throw new KsmdError('EINVAL', 'a stretch of it is untouched, and a page of it is not');
        machine.stretches.clear(start);
      }
    }
  }

  private assertHugePage(start: number): void {
    const { frames, stretches, memory } = this.host.machine;
    const { i32 } = memory;
    const folio = frames.folio(i32[start + PTE_FRAME]);
    for (let slot = start; slot < start + STRETCH_PAGES * SLOT_WORDS; slot += SLOT_WORDS) {
      if ((i32[slot + PTE_STATE] & PTE_PRESENT) === 0)
        throw new KsmdError('EINVAL', 'a page of it is absent, in the middle of a huge page');
      if (folio === 0 || frames.folio(i32[slot + PTE_FRAME]) !== folio)
        throw new KsmdError('EINVAL', 'a page of it is no part of the huge page that maps it');
    }
    if (!stretches.isOneMapping(start))
      throw new KsmdError('EINVAL', 'a huge page of it is not advised alike');
  }

  /** Advises the pages that were mergeable, run by run. */
  private adviseMergeable(guest: string, address: number, pages: Int32Array): void {
    const { pageSize } = this.host.machine;
    for (let page = 0; page < pages.length; ) {
      const start = page;
      const mergeable = (pages[start] & PAGE_MERGEABLE) !== 0;
      while (page < pages.length && ((pages[page] & PAGE_MERGEABLE) !== 0) === mergeable) page++;
      if (mergeable)
        this.host.madvise(
          guest,
          address + start * pageSize,
          (page - start) * pageSize,
          'mergeable',
        );
    }
  }
}
