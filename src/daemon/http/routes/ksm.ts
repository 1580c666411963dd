/** /v1/ksm and /v1/scan: what an administrator reads and writes in /sys/kernel/mm/ksm. */
import type { Host } from '../../../ksm/host.js';
import {
  type KsmFiles,
  KsmFiles as KsmFilesSchema,
  ScanAnswer,
  ScanRequest,
  TunableValues,
} from '../../../protocol/routes/ksm.js';
import { type Api, type Context, route } from '../context.js';

export function ksmRoutes(api: Api, { host, scanner, tunables }: Context): void {
  api.route({ ...route('ksm', {}, { 200: KsmFilesSchema }), handler: () => files(host) });

  api.route({
    ...route('setKsm', { body: TunableValues }, { 200: KsmFilesSchema }),
    handler: async ({ body }) => {
      await tunables.write(body);
      return files(host);
    },
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
