/** /v1/guests: address spaces, their regions, and advice on their pages. */
import { KsmdError } from '../../../errors.js';
import { hex } from '../../../hex.js';
import { registeredPages } from '../../../inspect/population.js';
import { bookkeepingOf } from '../../../inspect/savings.js';
import type { Host } from '../../../ksm/host.js';
import type { AdviceRequest, GUEST_ROUTES, Guest } from '../../../protocol/routes/guests.js';
import { toBytes } from '../../../protocol/values.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

export function guestHandlers({ host, threads }: Context): Handlers<typeof GUEST_ROUTES> {
  return {
    guests: () => ({
      guests: host.guestNames().map((name) => {
        const guest = describe(host, name);
        return { ...guest, regions: guest.regions.length };
      }),
    }),
    createGuest: ({ params, body }) => {
      host.createGuest(params.guest, body.node);
      return describe(host, params.guest);
    },
    guest: ({ params }) => describe(host, params.guest),
    removeGuest: async ({ params }) => {
      host.guestPointer(params.guest);
      await threads.whileStopped(params.guest, undefined, () => host.exitGuest(params.guest));
      return null;
    },
    map: ({ params, body }) => {
      const { pages, address, mergeable } = body;
      return host.map(params.guest, params.region, pages, {
        address: address === undefined ? undefined : toBytes(address),
        mergeable,
      });
    },
    unmap: async ({ params }) => {
      host.findRegion(params.guest, params.region);
      await threads.whileStopped(params.guest, params.region, () =>
        host.unmap(params.guest, params.region),
      );
      return null;
    },
    madvise: ({ params, body }) => {
      const { address, length } = advisedRange(host, params.guest, body);
      host.madvise(params.guest, address, length, body.advice);
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
    registeredPages: registeredPages(host, name),
    presentPages: host.presentPages(name),
    ...totals,
    bookkeepingBytes: bookkeepingOf(totals.rmapItems),
    ksm_stat: { ...host.guestCounters(name) },
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
