/** /v1/ksm and /v1/scan: what an administrator reads and writes in /sys/kernel/mm/ksm. */
import type { Host } from '../../../ksm/host.js';
import type { KSM_ROUTES, KsmFiles } from '../../../protocol/routes/ksm.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

export function ksmHandlers({ host, scanner, tunables }: Context): Handlers<typeof KSM_ROUTES> {
  return {
    ksm: () => files(host),
    setKsm: async ({ body }) => {
      await tunables.write(body);
      return files(host);
    },
    scan: async ({ body }) => {
      const visitedPages = await scanner.scan(body.pages);
      return { visitedPages, counters: { ...host.files.counters() } };
    },
  };
}

function files(host: Host): KsmFiles {
  return { ...host.files.counters(), ...host.files.tunables() };
}
