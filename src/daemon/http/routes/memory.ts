/**
 * /v1/guests/{guest}/memory: bytes in and out, or fingerprints of pages in, streamed. Address and
 * length are checked before any byte moves.
 */
import { Readable } from 'node:stream';
import { isKsmdError, KsmdError } from '../../../errors.js';
import { FINGERPRINTS } from '../../../names.js';
import { toBytes } from '../../../protocol/bytes.js';
import type { MEMORY_ROUTES } from '../../../protocol/routes/memory.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

/** Bytes loaded at a time. */
const CHUNK_BYTES = 256 * 1024;

export function memoryHandlers(context: Context): Handlers<typeof MEMORY_ROUTES> {
  const { host, log, events, uploads } = context;
  return {
    load: ({ params, query }, reply) => {
      const address = toBytes(query.address);
      const length = toBytes(query.length);
      host.memory.assertHoldsBytes();
      host.memory.assertMapped(params.guest, address, length);
      reply.header('content-length', length);
      return loads(context, params.guest, address, length);
    },
    store: async ({ params: { guest }, query, raw }) => {
      const address = toBytes(query.address);
      const length = announcedLength(query.length, raw.headers['content-length']);
      const keyId = keyOf(raw.headers['content-type'], query.key);
      if (keyId === undefined) host.memory.assertHoldsBytes();
      else host.memory.useKey(keyId);
      const { pageSize, frameBytes } = host.machine;
      const unitBytes = keyId === undefined ? 1 : frameBytes;
      const pieces = (length ?? unitBytes) / unitBytes;
      if (!Number.isInteger(pieces))
        throw new KsmdError('EINVAL', `${length} bytes are no whole fingerprints of ${unitBytes}`);
      host.memory.assertMapped(guest, address, keyId === undefined ? pieces : pieces * pageSize);
      try {
        return { bytesStored: await uploads.store(raw, { guest, address, length, keyId }) };
      } catch (error) {
        if (isKsmdError(error, 'ENOMEM')) {
          const warning = `a store of guest '${guest}' failed: ${error.message}`;
          log.logger.warn({ guest, bytesStored: error.details.bytesStored }, warning);
          events.warn(warning);
        }
        throw error;
      }
    },
  };
}

/** Of fingerprints, which key they are made with; undefined: bytes come. */
function keyOf(contentType: string | undefined, key: string | undefined): string | undefined {
  const [type] = (contentType ?? '').split(';', 1);
  const comeFingerprints = type?.trim().toLowerCase() === FINGERPRINTS;
  if (comeFingerprints === (key !== undefined)) return key;
  throw new KsmdError(
    'EINVAL',
    comeFingerprints
      ? "the query lacks 'key': the id of the key that fingerprints are made with"
      : `the query has a 'key', and the body is no ${FINGERPRINTS}`,
  );
}

/** Bytes to come by the query and by the header, which must agree. */
function announcedLength(
  inQuery: string | undefined,
  inHeader: string | undefined,
): number | undefined {
  const length = inQuery === undefined ? undefined : toBytes(inQuery);
  const bodyLength = inHeader === undefined ? undefined : Number(inHeader);
  if (length !== undefined && bodyLength !== undefined && length !== bodyLength) {
    throw new KsmdError(
      'EINVAL',
      `the body has ${bodyLength} bytes where length says ${length}: 0 bytes were stored`,
      { bytesStored: 0 },
    );
  }
  return length ?? bodyLength;
}

function loads(
  { host, standstill }: Context,
  guest: string,
  address: number,
  length: number,
): Readable {
  const guestId = host.guests.id(guest);
  let done = 0;
  return new Readable({
    highWaterMark: 4 * CHUNK_BYTES,
    async read() {
      // A thread that was killed may hold a page.
      await standstill.ready();
      if (done === length) {
        this.push(null);
        return;
      }
      const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, length - done));
      try {
        // The guest of that name may be another by now.
        if (host.guests.id(guest) !== guestId)
          throw new KsmdError('ENOENT', `guest '${guest}' is gone`);
        host.memory.load(guest, address + done, chunk);
      } catch (error) {
        // The guest or region went while it was read: the answer ends short of its content-length.
        this.destroy(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      done += chunk.length;
      this.push(chunk);
    },
  });
}
