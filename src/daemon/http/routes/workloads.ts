/** /v1/workloads: programs that guests run on threads of the daemon. */
import { KsmdError } from '../../../errors.js';
import type { Host } from '../../../ksm/host.js';
import type { LongWork } from '../../../machine/long-work.js';
import type { WorkloadName } from '../../../names.js';
import type {
  WORKLOAD_ROUTES,
  Workload,
  WorkloadRequest,
} from '../../../protocol/routes/workloads.js';
import type { GuestThreadInfo } from '../../threads/guest-threads.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

/** Whose region a program works on that has none of its own. */
const REGIONS_OF: Partial<Record<WorkloadName, WorkloadName>> = { read: 'dirty', serve: 'load' };

export function workloadHandlers({
  host,
  standstill,
  threads,
  log: { logger },
}: Context): Handlers<typeof WORKLOAD_ROUTES> {
  return {
    run: async ({ body }) => {
      host.machine.assertHoldsBytes();
      const isKnown = host.guests.has(body.guest);
      const region = await standstill.changeInSlices(() => prepare(host, body));
      if (!isKnown) logger.info({ guest: body.guest }, 'a guest is registered');
      const { pages } = host.guests.regionOf(body.guest, region);
      const { seed = 1, rate = 0, spreadPages = pages, best = false, readLoop = false } = body;
      const wanted = { seed, rate, spreadPages, best, readLoop };
      return describe(threads.start(body.workload, body.guest, region, wanted));
    },
    workloads: () => ({ workloads: threads.list().map(describe) }),
    kill: async ({ params, query }) => {
      const id = Number(params.id);
      if (query.now === '1') await threads.kill(id);
      return describe(await threads.stop(id));
    },
  };
}

/**
 * The region to run in: the one named, or one of the workload's own; the guest and it are made if
 * they are not there.
 */
function* prepare(
  host: Host,
  { workload, guest, region = REGIONS_OF[workload] ?? workload, pages, huge }: WorkloadRequest,
): LongWork<string> {
  const isNew = !host.guests.has(guest);
  const known = isNew
    ? undefined
    : host.guests.regionsOf(guest).find(({ name }) => name === region);
  if (known !== undefined) {
    const whose = `region '${region}' of guest '${guest}'`;
    if (pages !== undefined && pages !== known.pages)
      throw new KsmdError('EINVAL', `${whose} has ${known.pages} pages`);
    if (huge !== undefined && huge !== known.huge)
      throw new KsmdError('EINVAL', `${whose} is there, and ${known.huge ? 'huge' : 'not huge'}`);
    return region;
  }
  if (pages === undefined)
    throw new KsmdError(
      'EINVAL',
      `guest '${guest}' has no region '${region}' yet: say how many pages it is to have`,
    );
  if (isNew) host.createGuest(guest);
  try {
    yield* host.mapInSlices(guest, region, pages, { huge });
  } catch (error) {
    if (isNew) host.exitGuest(guest);
    throw error;
  }
  return region;
}

function describe({
  id,
  workload,
  guest,
  region,
  state,
  tally,
  cpuMs,
  reason,
}: GuestThreadInfo): Workload {
  const { stores, loads, verified, wrong, foreign, retries } = tally;
  return {
    id,
    workload,
    guest,
    region,
    state,
    stores,
    loads,
    verified,
    wrong,
    foreign,
    retries,
    cpuMs: Math.round(cpuMs),
    ...(reason === undefined ? {} : { reason }),
  };
}
