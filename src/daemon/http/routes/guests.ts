/** /v1/guests: address spaces, their regions, and advice on their pages. */
import { Type } from 'typebox';
import { KsmdError } from '../../../errors.js';
import { hex } from '../../../hex.js';
import { registeredPages } from '../../../inspect/population.js';
import { bookkeepingOf } from '../../../inspect/savings.js';
import type { Host } from '../../../ksm/host.js';
import {
  type AdviceRequest,
  AdviceRequest as AdviceRequestSchema,
  type Guest,
  GuestList,
  GuestParams,
  GuestRequest,
  Guest as GuestSchema,
  Region,
  RegionParams,
  RegionRequest,
} from '../../../protocol/routes/guests.js';
import { toBytes } from '../../../protocol/values.js';
import { type Api, type Context, route } from '../context.js';

const NoContent = Type.Null({ description: 'done' });

export function guestRoutes(api: Api, { host, threads }: Context): void {
  api.route({
    ...route('guests', {}, { 200: GuestList }),
    handler: () => ({
      guests: host.guestNames().map((name) => {
        const guest = describe(host, name);
        return { ...guest, regions: guest.regions.length };
      }),
    }),
  });

  api.route({
    ...route('createGuest', { params: GuestParams, body: GuestRequest }, { 201: GuestSchema }),
    preValidation: async (request) => {
      // The body may be left out.
      request.body ??= {};
    },
    handler: ({ params, body }, reply) => {
      host.createGuest(params.guest, body.node);
      reply.code(201);
      return describe(host, params.guest);
    },
  });

  api.route({
    ...route('guest', { params: GuestParams }, { 200: GuestSchema }),
    handler: ({ params }) => describe(host, params.guest),
  });

  api.route({
    ...route('removeGuest', { params: GuestParams }, { 204: NoContent }),
    handler: async ({ params }, reply) => {
      host.guestPointer(params.guest);
      await threads.whileStopped(params.guest, undefined, () => host.exitGuest(params.guest));
      reply.code(204);
      return null;
    },
  });

  api.route({
    ...route('map', { params: RegionParams, body: RegionRequest }, { 201: Region }),
    handler: ({ params, body }, reply) => {
      const { pages, address, mergeable } = body;
      reply.code(201);
      return host.map(params.guest, params.region, pages, {
        address: address === undefined ? undefined : toBytes(address),
        mergeable,
      });
    },
  });

  api.route({
    ...route('unmap', { params: RegionParams }, { 204: NoContent }),
    handler: async ({ params }, reply) => {
      host.findRegion(params.guest, params.region);
      await threads.whileStopped(params.guest, params.region, () =>
        host.unmap(params.guest, params.region),
      );
      reply.code(204);
      return null;
    },
  });

  api.route({
    ...route('madvise', { params: GuestParams, body: AdviceRequestSchema }, { 204: NoContent }),
    handler: ({ params, body }, reply) => {
      const { address, length } = advisedRange(host, params.guest, body);
      host.madvise(params.guest, address, length, body.advice);
      reply.code(204);
      return null;
    },
  });
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
