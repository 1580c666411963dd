/**
 * Recounts everything from frames and page tables, and holds it against what is written down.
 *
 * Reads the whole machine and changes nothing. Every other thread must stand still.
 * Frames and ptes are the truth; lists, trees and counters are what is checked, so a damaged one
 * yields sentences, not an exception or an endless walk. Beside the machine it takes four bytes a
 * frame and some bits a page, twice that while a snapshot is being sent.
 */
import type { Host } from '../ksm/host.js';
import type { KernelProfile } from '../ksm/kernels.js';
import { finish, type LongWork } from '../machine/long-work.js';
import type { Machine } from '../machine/machine.js';
import { checkMmList, checkRegions } from './check/address-spaces.js';
import { Findings, type GuestName } from './check/findings.js';
import { checkFrames } from './check/frames.js';
import { checkPages } from './check/pages.js';
import { checkStable } from './check/stable.js';
import { checkStretches } from './check/stretches.js';
import { checkUnstable } from './check/unstable.js';

/**
 * One plain sentence for each disagreement, up to some 1,000, and then how many more there are;
 * none if all agrees. `guestName` names guests in them.
 */
export function* check(
  machine: Machine,
  profile: KernelProfile,
  guestName: GuestName = () => undefined,
): LongWork<string[]> {
  const findings = new Findings(machine, guestName);
  const guests = machine.guests.inUse();
  const regions = yield* checkRegions(machine, guests, findings);
  checkMmList(machine, guests, findings);
  const recount = yield* checkPages(machine, guests, regions, findings);
  yield* checkStretches(machine, regions, findings);
  yield* checkFrames(machine, recount, findings);
  yield* checkStable(machine, profile, recount, findings);
  yield* checkUnstable(machine, recount, findings);
  return findings.sentences;
}

/** A whole host, its guests by name. */
export function checkHostInSlices(host: Host): LongWork<string[]> {
  const names = new Map(host.guests.names().map((name) => [host.guests.pointer(name), name]));
  return check(host.machine, host.profile, (guest) => names.get(guest));
}

/** The same at once. */
export function checkHost(host: Host): string[] {
  return finish(checkHostInSlices(host));
}
