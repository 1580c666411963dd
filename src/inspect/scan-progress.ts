/**
 * How far the full scan under way is, from where the cursor stands: no page is looked at. May be
 * asked while all threads go on, and is as exact as that allows.
 */
import type { Host } from '../ksm/host.js';

/**
 * Of the present pages of all guests that KSM knows, the share that the cursor has passed; absent
 * between two full scans. Within a guest pages with a frame are taken to lie evenly.
 */
export function scanProgress(host: Host): number | undefined {
  const { list } = host.ksm;
  const { cursor } = list;
  if (cursor === list.head) return undefined;
  const names = new Map(host.guests.names().map((name) => [host.guests.pointer(name), name]));
  let passed = 0;
  let all = 0;
  let isPassed = true;
  // The scanner takes guests off the list meanwhile: no more are visited than there are.
  let guest = list.next(list.head);
  for (let left = names.size; guest !== list.head && left > 0; left--) {
    const name = names.get(guest);
    const pages = name === undefined ? 0 : host.guests.presentPages(name);
    if (guest === cursor) {
      isPassed = false;
      passed += name === undefined ? 0 : pages * passedShare(host, name);
    } else if (isPassed) passed += pages;
    all += pages;
    guest = list.next(guest);
  }
  return isPassed || all === 0 ? undefined : passed / all;
}

/**
 * The virtual page of the guest below which the cursor has passed in the full scan under way: 0 if
 * it has yet to come to the guest, or no full scan is under way; infinity once it has left it.
 */
export function passedBelow(host: Host, name: string): number {
  const { list } = host.ksm;
  const guest = host.guests.pointer(name);
  const { cursor } = list;
  if (cursor === list.head) return 0;
  if (cursor === guest) return list.cursorVpn;
  // A guest that is not listed is put behind the cursor. The list changes meanwhile, as above.
  let next = list.next(cursor);
  for (let left = host.guests.names().length; next !== list.head && left > 0; left--) {
    if (next === guest) return 0;
    next = list.next(next);
  }
  return Number.POSITIVE_INFINITY;
}

/** Of the cursor's guest, by its regions. */
function passedShare(host: Host, guest: string): number {
  const at = host.ksm.list.cursorVpn * host.machine.pageSize;
  let passed = 0;
  let all = 0;
  for (const { address, pages } of host.guests.regionsOf(guest)) {
    passed += Math.min(pages, Math.max(0, (at - address) / host.machine.pageSize));
    all += pages;
  }
  return all === 0 ? 0 : passed / all;
}
