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
  log: { logger },
}: Context): Handlers<typeof GUEST_ROUTES> {
  return {
    guests: () => ({
      guests: host.guests.names().map((name) => {
        const guest = describe(host, name);
        return { ...guest, regions: guest.regions.length };
      }),
    }),
    createGuest: async ({ params: { guest }, body }) => {
      const made = await standstill.change(() => {
        host.createGuest(guest, body.node);
        return describe(host, guest);
      });
      logger.info({ guest, node: made.node }, 'a guest is registered');
      return made;
    },
    guest: ({ params }) => describe(host, params.guest),
    removeGuest: async ({ params: { guest } }) => {
      host.guests.pointer(guest);
      await threads.whileStopped(guest, undefined, () =>
        standstill.changeInSlices(() => host.exitGuestInSlices(guest)),
      );
      logger.info({ guest }, 'a guest is unregistered');
      return null;
    },
    // What runs in the guest goes on; nothing runs in the child.
    fork: async ({ params: { guest: parent }, body: { child: guest } }) => {
      const made = await standstill.changeInSlices(function* () {
        yield* host.forkInSlices(parent, guest);
        return describe(host, guest);
      });
      logger.info({ guest, parent }, 'a guest is forked');
      return made;
    },
    prctl: ({ params: { guest }, body }) =>
      standstill.changeInSlices(function* () {
        yield* host.prctlInSlices(guest, body.merge);
        return describe(host, guest);
      }),
    exec: async ({ params: { guest } }) => {
      host.guests.pointer(guest);
      await threads.whileStopped(guest, undefined, () =>
        standstill.changeInSlices(() => host.execInSlices(guest)),
      );
      logger.info({ guest }, 'a guest becomes another program');
      return describe(host, guest);
    },
    map: async ({ params: { guest, region }, body }) => {
      const { pages, address, mergeable, huge, node } = body;
      const made = await standstill.changeInSlices(() =>
        host.mapInSlices(guest, region, pages, {
          address: address === undefined ? undefined : toBytes(address),
          mergeable,
          huge,
          node,
        }),
      );
      // A process has hundreds of them.
      logger.debug({ guest, region, pages }, 'a region is registered');
      return made;
    },
    mapAll: async ({ params: { guest }, body }) => {
      const wanted = body.regions.map(({ address, ...region }) => ({
        ...region,
        address: address === undefined ? undefined : toBytes(address),
      }));
      await standstill.changeInSlices(() => host.mapAllInSlices(guest, wanted));
      logger.debug({ guest, regions: wanted.length }, 'regions are registered');
      return { regions: wanted.map(({ name }) => host.guests.regionOf(guest, name)) };
    },
    unmap: async ({ params: { guest, region } }) => {
      host.guests.regionOf(guest, region);
      await threads.whileStopped(guest, region, () =>
        standstill.changeInSlices(() => host.unmapInSlices(guest, region)),
      );
      logger.debug({ guest, region }, 'a region is unregistered');
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
  const regions = host.guests.regionsOf(name);
  const totals = host.files.guestTotals(name);
  return {
    name,
    node: host.guests.node(name),
    mergesAny: host.mergesAny(name),
    registeredPages: registeredPages(host, name),
    presentPages: host.guests.presentPages(name),
    hugePages: host.guests.hugePages(name),
    ...totals,
    bookkeepingBytes: bookkeepingOf(totals.rmapItems),
    ksm_stat: { ...host.files.guestCounters(name), ...host.files.guestAnswers(name) },
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
  const found = host.guests.regionOf(guest, region);
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
