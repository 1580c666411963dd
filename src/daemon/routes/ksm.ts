/** /v1/ksm and /v1/scan: what an administrator reads and writes in /sys/kernel/mm/ksm. */
import { type KsmFiles, KsmFiles as KsmFilesSchema, ScanAnswer, ScanRequest, TunableValues } from '../../api/ksm.js';
import type { Host } from '../../ksm/host.js';
import { checkTunables, tunableName } from '../../ksm/tunables.js';
import { InvalidError } from '../../machine/errors.js';
import { type Api, type Context, route } from '../context.js';
import type { Scanner } from '../scanner.js';

export function ksmRoutes(api: Api, { host, scanner }: Context): void {
  // One at a time, so that what one puts back is not what another has just written.
  let previous: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(change: () => Promise<T>): Promise<T> => {
    const turn = previous.then(change);
    previous = turn.catch(() => {});
    return turn;
  };

  api.route({ ...route('ksm', {}, { 200: KsmFilesSchema }), handler: () => files(host) });

  api.route({
    ...route('setKsm', { body: TunableValues }, { 200: KsmFilesSchema }),
    handler: ({ body }) =>
      inTurn(async () => {
        await setAll(host, scanner, body);
        return files(host);
      }),
  });

  api.route({
    ...route('scan', { body: ScanRequest }, { 200: ScanAnswer }),
    handler: async ({ body }) => {
      const visitedPages = await scanner.scan(body.pages);
      return { visitedPages, counters: { ...host.counters() } };
    },
  });
}

function files(host: Host): KsmFiles {
  return { ...host.counters(), ...host.tunables() };
}

/**
 * Writes all tunables in order, or none: names and values are checked first. If an unmerge then runs out of frames, what was written before it is put
 * back, the last one first.
 */
async function setAll(host: Host, scanner: Scanner, values: TunableValues): Promise<void> {
  for (const name of Object.keys(values)) {
    if (host.profile.counters.some((counter) => counter === name)) throw new InvalidError(`${name} can only be read`);
  }
  checkTunables(
    host.machine.memory,
    Object.entries(values).map(([name, value]) => [tunableName(host.profile, name), value] as const),
  );
  const before = host.tunables();
  const written: string[] = [];
  try {
    for (const [name, value] of Object.entries(values)) {
      await scanner.set(name, value);
      written.push(name);
    }
  } catch (error) {
    for (const name of written.reverse()) await scanner.set(name, before[name] ?? 0);
    throw error;
  }
}
