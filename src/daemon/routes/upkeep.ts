/** /v1/check, /v1/scanner/restart and /v1/snapshot: looking after a running daemon. */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { CheckAnswer, RestartAnswer } from '../../api/upkeep.js';
import { check } from '../../ksm/check.js';
import { Snapshot } from '../../snapshot/capture.js';
import { type Api, type Context, route } from '../context.js';

const OCTETS = 'application/octet-stream';
const Octets = { content: { [OCTETS]: { schema: Type.Unsafe<Readable>({ type: 'string', format: 'binary' }) } } };

export function upkeepRoutes(api: Api, { host, scanner }: Context): void {
  api.route({
    ...route('check', {}, { 200: CheckAnswer }),
    handler: () => {
      const names = new Map(host.guestNames().map((name) => [host.guestPointer(name), name]));
      return { disagreements: host.quiesce(() => check(host.machine, host.profile, (guest) => names.get(guest))) };
    },
  });

  api.route({
    ...route('restartScanner', {}, { 200: RestartAnswer }),
    handler: async () => {
      const restarted = once(scanner, 'restarted') as Promise<[number]>;
      scanner.kill();
      const [afterMs] = await restarted;
      return { afterMs };
    },
  });

  api.route({
    ...route('snapshot', {}, { 200: Octets }),
    handler: (_request, reply) => {
      const snapshot = Snapshot.take(host);
      reply.header('content-type', OCTETS).header('content-length', snapshot.byteLength);
      return Readable.from(snapshot.chunks(), { objectMode: false });
    },
  });
}
