/** What guests have in common within tenants, where tenants share with nobody else, and across. */
import type { GuestRows } from './guest-rows.js';
import { type Estimated, type Scale, Summed } from './scale.js';

/** Guests that may share with one another, and with nobody else. */
export interface TenantShared {
  readonly name: string;
  readonly guests: number;
  /** Frames that merging between its guests gives back, what it gives back within each apart. */
  readonly between: Estimated;
}

export function tenantsOf(
  guests: readonly { readonly name: string }[],
  tenantOf: (guest: string) => string,
  rows: GuestRows,
  scale: Scale,
): TenantShared[] {
  const names = guests.map(({ name }) => tenantOf(name));
  const between = betweenOf(rows, (guest) => names[guest] ?? '');
  return [...new Set(names)]
    .map((name) => ({
      name,
      guests: names.filter((each) => each === name).length,
      between: scale.of(between.get(name) ?? new Summed()),
    }))
    .sort((a, b) => b.between.pages - a.between.pages);
}

/** Of contents, by whom their guests belong to: all but one of those that have them there. */
export function betweenOf(
  rows: GuestRows,
  ownerOf: (guest: number) => string,
): Map<string, Summed> {
  const between = new Map<string, Summed>();
  rows.eachSet((members, times) => {
    const counts = new Map<string, number>();
    for (const guest of members) counts.set(ownerOf(guest), (counts.get(ownerOf(guest)) ?? 0) + 1);
    for (const [owner, guests] of counts) {
      const summed = between.get(owner) ?? new Summed();
      between.set(owner, summed);
      summed.addEach(guests - 1, times);
    }
  });
  return between;
}

/** Of contents, all but one of the tenants that have them. */
export function acrossTenants(
  guests: readonly { readonly name: string }[],
  tenantOf: (guest: string) => string,
  rows: GuestRows,
): Summed {
  const names = guests.map(({ name }) => tenantOf(name));
  const across = new Summed();
  rows.eachSet((members, times) => {
    across.addEach(new Set(members.map((guest) => names[guest])).size - 1, times);
  });
  return across;
}
