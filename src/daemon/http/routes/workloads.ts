/** /v1/workloads: programs that guests run on threads of the daemon. */
import { KsmdError } from '../../../errors.js';
import type { Host } from '../../../ksm/host.js';
import type { LongWork } from '../../../machine/long-work.js';
import type {
  WORKLOAD_ROUTES,
  Workload,
  WorkloadRequest,
} from '../../../protocol/routes/workloads.js';
import type { GuestThreadInfo } from '../../threads/guest-threads.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

export function workloadHandlers({
  host,
  standstill,
  threads,
}: Context): Handlers<typeof WORKLOAD_ROUTES> {
  return {
    run: async ({ body }) => {
      const region = await standstill.changeInSlices(() => prepare(host, body));
      const { pages } = host.findRegion(body.guest, region);
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
  { workload, guest, region = workload === 'read' ? 'dirty' : workload, pages }: WorkloadRequest,
): LongWork<string> {
  const isNew = !host.hasGuest(guest);
  const known = !isNew && host.regionsOf(guest).some(({ name }) => name === region);
  if (known) {
    if (pages !== undefined && pages !== host.findRegion(guest, region).pages) {
      throw new KsmdError(
        'EINVAL',
        `region '${region}' of guest '${guest}' has ${host.findRegion(guest, region).pages} pages`,
      );
    }
    return region;
  }
  if (pages === undefined)
    throw new KsmdError(
      'EINVAL',
      `guest '${guest}' has no region '${region}' yet: say how many pages it is to have`,
    );
  if (isNew) host.createGuest(guest);
  try {
    yield* host.mapInSlices(guest, region, pages);
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
  const { stores, loads, verified, wrong, retries } = tally;
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
    retries,
    cpuMs: Math.round(cpuMs),
    ...(reason === undefined ? {} : { reason }),
  };
}
