/**
 * Stretches and huge pages, checked: where a huge page is mapped all its pages are there, of one
 * number, and advised alike; and no frame outside of a stretch, and no KSM page, is part of one.
 */
import {
  PTE_FRAME,
  PTE_PRESENT,
  PTE_STATE,
  REGION_LEAD,
  SLOT_WORDS,
  STRETCH_HOLDER_MASK,
  STRETCH_HUGE,
  STRETCH_PAGES,
  STRETCH_SMALL,
} from '../../core/layout.js';
import { type LongWork, PAGES_A_STEP } from '../../machine/long-work.js';
import type { Machine } from '../../machine/machine.js';
import type { Findings } from './findings.js';
import { isFrame } from './references.js';

export function* checkStretches(
  machine: Machine,
  regions: readonly number[],
  findings: Findings,
): LongWork {
  for (const region of regions) {
    const lead = machine.memory.i32[region + REGION_LEAD];
    if (lead !== machine.regions.vpn(region) % STRETCH_PAGES) {
      findings.say(`${findings.region(region)} begins ${lead} pages into a stretch, it says`);
      continue;
    }
    for (const start of machine.stretches.of(region)) {
      checkStretch(machine, start, findings);
      yield;
    }
    yield* checkFolios(machine, region, findings);
  }
}

function checkStretch(machine: Machine, start: number, findings: Findings): void {
  const { stretches, frames, memory } = machine;
  const { i32 } = memory;
  const say = (wrong: string): void => findings.say(`stretch at ${findings.page(start)} ${wrong}`);
  const word = i32[memory.core.stretchWord(start)];
  const holder = word & STRETCH_HOLDER_MASK;
  if (holder !== 0) say(`is locked by ${holder}`);
  const isHuge = (word & STRETCH_HUGE) !== 0;
  if (isHuge && (word & STRETCH_SMALL) !== 0) say('is mapped as one and page by page');
  if (!isHuge) return;
  if (!stretches.isOneMapping(start)) say('is a huge page, and not all of it is advised alike');
  const folioOf = (slot: number): number => {
    const frame = i32[slot + PTE_FRAME];
    return isFrame(i32, frame) ? frames.folio(frame) : 0;
  };
  const folio = folioOf(start);
  for (let slot = start; slot < start + STRETCH_PAGES * SLOT_WORDS; slot += SLOT_WORDS) {
    if ((i32[slot + PTE_STATE] & PTE_PRESENT) === 0)
      findings.say(`${findings.page(slot)} is absent, in the middle of a huge page`);
    else if (folio === 0 || folioOf(slot) !== folio)
      findings.say(`${findings.page(slot)} is no part of the huge page that maps it`);
  }
}

/** Pages that map parts of huge pages, which may be mapped page by page by now. */
function* checkFolios(machine: Machine, region: number, findings: Findings): LongWork {
  const { regions, frames, memory } = machine;
  const { i32, core } = memory;
  const first = regions.slot(region, regions.vpn(region));
  for (let slot = first; slot < regions.endSlot(region); slot += SLOT_WORDS) {
    if ((slot - first) % (PAGES_A_STEP * SLOT_WORDS) === 0) yield;
    if ((i32[slot + PTE_STATE] & PTE_PRESENT) === 0) continue;
    const frame = i32[slot + PTE_FRAME];
    if (!isFrame(i32, frame) || frames.folio(frame) === 0) continue;
    if (core.stretchStart(slot) === 0)
      findings.say(`${findings.page(slot)} is part of a huge page where there can be none`);
    if (frames.isKsm(frame))
      findings.say(`${findings.page(slot)} is part of a huge page and a KSM page`);
  }
}
