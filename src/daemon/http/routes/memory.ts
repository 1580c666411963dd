/**
 * /v1/guests/{guest}/memory: bytes in and out, or fingerprints of pages in, streamed. Address and
 * length are checked before any byte moves.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { isKsmdError, KsmdError } from '../../../errors.js';
import { FINGERPRINTS } from '../../../names.js';
import { type AddressRange, toBytes, toRanges } from '../../../protocol/bytes.js';
import type { MEMORY_ROUTES, Stored } from '../../../protocol/routes/memory.js';
import { BodyPlaces } from '../body-places.js';
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
      host.machine.assertHoldsBytes();
      host.memory.assertMapped(params.guest, address, length);
      reply.header('content-length', length);
      return loads(context, params.guest, address, length);
    },
    store: ({ params: { guest }, query, raw }) => {
      const address = toBytes(query.address);
      const length = announcedLength(query.length, raw.headers['content-length']);
      const keyId = takenKey(raw, query.key);
      const { pageSize, frameBytes } = host.machine;
      const pages = (length ?? Number.POSITIVE_INFINITY) / frameBytes;
      if (keyId !== undefined && length !== undefined && !Number.isInteger(pages))
        throw new KsmdError('EINVAL', `${length} bytes are no whole fingerprints of ${frameBytes}`);
      return store(raw, guest, keyId, [
        { address, length: keyId === undefined ? (length ?? pages) : pages * pageSize },
      ]);
    },
    storeRanges: ({ params: { guest }, query, raw }) => {
      const keyId = takenKey(raw, query.key);
      return store(raw, guest, keyId, toRanges(query.ranges));
    },
  };

  /** Of fingerprints that come, whose key it is from now on. ENOTSUP if the host holds others. */
  function takenKey(raw: IncomingMessage, key: string | undefined): string | undefined {
    const keyId = keyOf(raw.headers['content-type'], key);
    if (keyId === undefined) host.machine.assertHoldsBytes();
    else host.memory.useKey(keyId);
    return keyId;
  }

  /** Of ranges the last may be as long as Infinity: then it is not announced how much comes. */
  async function store(
    raw: IncomingMessage,
    guest: string,
    keyId: string | undefined,
    ranges: readonly AddressRange[],
  ): Promise<Stored> {
    const places = new BodyPlaces(ranges, keyId !== undefined, host.machine);
    const length = Number.isFinite(places.bytes) ? places.bytes : undefined;
    if (length !== undefined) announcedLength(String(length), raw.headers['content-length']);
    for (const { address, length } of ranges)
      host.memory.assertMapped(guest, address, Number.isFinite(length) ? length : 1);
    try {
      return { bytesStored: await uploads.store(raw, { guest, places, length, keyId }) };
    } catch (error) {
      if (isKsmdError(error, 'ENOMEM')) {
        const warning = `a store of guest '${guest}' failed: ${error.message}`;
        log.logger.warn({ guest, bytesStored: error.details.bytesStored }, warning);
        events.warn(warning);
      }
      throw error;
    }
  }
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
