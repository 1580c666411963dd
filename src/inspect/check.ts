/**
 * Recounts everything from frames and page tables, and holds it against what is written down.
 *
 * Reads the whole machine and changes nothing. The scanner must be parked and no store under way.
 * Frames and ptes are the truth; lists, trees and counters are what is checked, so a damaged one
 * yields sentences, not an exception or an endless walk. Beside the machine it takes four bytes a
 * frame and some bits a page, twice that while a snapshot is being sent.
 */
import type { Host } from '../ksm/host.js';
import type { KernelProfile } from '../ksm/kernels.js';
import type { Machine } from '../machine/machine.js';
import { checkMmList, checkRegions, guestsOf } from './check/address-spaces.js';
import { Findings, type GuestName } from './check/findings.js';
import { checkFrames } from './check/frames.js';
import { checkPages } from './check/pages.js';
import { checkStable } from './check/stable.js';
import { checkUnstable } from './check/unstable.js';

/**
 * One plain sentence for each disagreement, up to some 1,000, and then how many more there are;
 * none if all agrees. `guestName` names guests in them.
 */
export function check(
  machine: Machine,
  profile: KernelProfile,
  guestName: GuestName = () => undefined,
): string[] {
  const findings = new Findings(machine, guestName);
  const guests = guestsOf(machine);
  const regions = checkRegions(machine, guests, findings);
  checkMmList(machine, guests, findings);
  const recount = checkPages(machine, guests, regions, findings);
  checkFrames(machine, recount, findings);
  checkStable(machine, profile, recount, findings);
  checkUnstable(machine, recount, findings);
  return findings.sentences;
}

/** A whole host, its guests by name, its scanner parked meanwhile. */
export function checkHost(host: Host): string[] {
  const names = new Map(host.guestNames().map((name) => [host.guestPointer(name), name]));
  return host.quiesce(() => check(host.machine, host.profile, (guest) => names.get(guest)));
}
