/** /v1/guests: address spaces, their regions, and advice on their pages. */
import { KsmdError } from '../../../errors.js';
import { hex } from '../../../hex.js';
import { registeredPages } from '../../../inspect/population.js';
import { bookkeepingOf } from '../../../inspect/savings.js';
import type { Host } from '../../../ksm/host.js';
import { toBytes } from '../../../protocol/bytes.js';
import type { AdviceRequest, GUEST_ROUTES, Guest } from '../../../protocol/routes/guests.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

export function guestHandlers({
  host,
  standstill,
  threads,
}: Context): Handlers<typeof GUEST_ROUTES> {
  return {
    guests: () => ({
      guests: host.guestNames().map((name) => {
        const guest = describe(host, name);
        return { ...guest, regions: guest.regions.length };
      }),
    }),
    createGuest: ({ params, body }) =>
      standstill.change(() => {
        host.createGuest(params.guest, body.node);
        return describe(host, params.guest);
      }),
    guest: ({ params }) => describe(host, params.guest),
    removeGuest: async ({ params: { guest } }) => {
      host.guestPointer(guest);
      await threads.whileStopped(guest, undefined, () =>
        standstill.changeInSlices(() => host.exitGuestInSlices(guest)),
      );
      return null;
    },
    // What runs in the guest goes on; nothing runs in the child.
    fork: ({ params, body }) =>
      standstill.changeInSlices(function* () {
        yield* host.forkInSlices(params.guest, body.child);
        return describe(host, body.child);
      }),
    prctl: ({ params: { guest }, body }) =>
      standstill.changeInSlices(function* () {
        yield* host.prctlInSlices(guest, body.merge);
        return describe(host, guest);
      }),
    exec: async ({ params: { guest } }) => {
      host.guestPointer(guest);
      await threads.whileStopped(guest, undefined, () =>
        standstill.changeInSlices(() => host.execInSlices(guest)),
      );
      return describe(host, guest);
    },
    map: ({ params, body }) => {
      const { pages, address, mergeable, huge, node } = body;
      return standstill.changeInSlices(() =>
        host.mapInSlices(params.guest, params.region, pages, {
          address: address === undefined ? undefined : toBytes(address),
          mergeable,
          huge,
          node,
        }),
      );
    },
    unmap: async ({ params: { guest, region } }) => {
      host.findRegion(guest, region);
      await threads.whileStopped(guest, region, () =>
        standstill.changeInSlices(() => host.unmapInSlices(guest, region)),
      );
      return null;
    },
    madvise: async ({ params: { guest }, body }) => {
      await standstill.changeInSlices(() => {
        const { address, length } = advisedRange(host, guest, body);
        return host.madviseInSlices(guest, address, length, body.advice);
      });
      return null;
    },
  };
}

function describe(host: Host, name: string): Guest {
  const regions = host.regionsOf(name);
  const totals = host.guestTotals(name);
  return {
    name,
    node: host.guestNode(name),
    mergesAny: host.mergesAny(name),
    registeredPages: registeredPages(host, name),
    presentPages: host.presentPages(name),
    hugePages: host.hugePages(name),
    ...totals,
    bookkeepingBytes: bookkeepingOf(totals.rmapItems),
    ksm_stat: { ...host.guestCounters(name), ...host.guestAnswers(name) },
    regions,
  };
}

function advisedRange(
  host: Host,
  guest: string,
  { region, address, length }: AdviceRequest,
): { address: number; length: number } {
  if (region === undefined) {
    if (address === undefined || length === undefined)
      throw new KsmdError('EINVAL', 'name a region, or an address and a length');
    return { address: toBytes(address), length: toBytes(length) };
  }
  const found = host.findRegion(guest, region);
  const end = found.address + found.pages * host.machine.pageSize;
  const from = address === undefined ? found.address : toBytes(address);
  const range = { address: from, length: length === undefined ? end - from : toBytes(length) };
  if (range.address < found.address || range.address + range.length > end) {
    throw new KsmdError(
      'EINVAL',
      `region '${region}' goes from ${hex(found.address)} to ${hex(end)}: the range must lie in it`,
    );
  }
  return range;
}
