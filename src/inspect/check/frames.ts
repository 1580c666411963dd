/**
 * Frames, checked: every one either mapped as often as it says, or in the free map, or never used.
 */
import {
  CTL_FRAMES,
  CTL_FRAMES_USED,
  CTL_FREE_MAP,
  CTL_FRESH_FRAME,
  STABLE_FRAME,
} from '../../core/layout.js';
import { type LongWork, PAGES_A_STEP } from '../../machine/long-work.js';
import type { Machine } from '../../machine/machine.js';
import type { Findings } from './findings.js';
import type { Recount } from './pages.js';
import { isStableNode } from './references.js';

const ZERO_FRAME = 0;

export function* checkFrames(
  machine: Machine,
  { mappings, pins }: Recount,
  findings: Findings,
): LongWork {
  const { i32 } = machine.memory;
  const freeMap = i32[CTL_FREE_MAP];
  const fresh = i32[CTL_FRESH_FRAME];
  let used = 0;
  for (let frame = 1; frame < i32[CTL_FRAMES]; frame++) {
    if (frame % PAGES_A_STEP === 0) yield;
    const mapped = mappings[frame] + pins[frame];
    const isFreed = (i32[freeMap + (frame >> 5)] & (1 << (frame & 31))) !== 0;
    const isFree = isFreed || frame >= fresh;
    if (isFreed && frame >= fresh)
      findings.say(`frame ${frame} is in the free map, but was never used`);
    if (isFree && mapped > 0) findings.say(`frame ${frame} is free, and ${mapped} ptes map it`);
    if (!isFree && mapped === 0)
      findings.say(`frame ${frame} is lost: nothing maps it and it is not free`);
    const mapcount = machine.frames.mapcount(frame);
    if (mapcount !== mapped) findings.differ(`mapcount of frame ${frame}`, mapcount, mapped);
    const stable = machine.frames.stableNode(frame);
    if (stable !== 0 && !(isStableNode(i32, stable) && i32[stable + STABLE_FRAME] === frame)) {
      findings.say(`frame ${frame} names a stable node that does not name it`);
    }
    if (stable !== 0 && !machine.frames.isKsm(frame))
      findings.say(`frame ${frame} has a stable node, but is not marked as a KSM page`);
    if (stable !== 0 && isFree) findings.say(`frame ${frame} is free, but still has a stable node`);
    if (!isFree) used++;
  }
  findings.equal('frames in use', i32[CTL_FRAMES_USED], used);
  const zeroes = machine.memory.frameByte(ZERO_FRAME);
  if (machine.memory.u8.subarray(zeroes, zeroes + machine.frameBytes).some((byte) => byte !== 0))
    findings.say('the zero page is not all zeroes');
}
