/**
 * Uploads: request bodies stored into a guest as they arrive, each chunk straight from the socket's
 * buffer. They are bytes, or fingerprints of pages.
 *
 * What has arrived stays stored, however the upload ends. When frames run out while the scanner
 * runs, the upload waits a bounded time for it to free some; then it fails with ENOMEM. A failed
 * upload is answered at once; the rest of its body is read and thrown away, so that the answer gets
 * through.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Errno, isKsmdError, KsmdError } from '../../errors.js';
import type { Host } from '../../ksm/host.js';
import type { Scanner } from '../threads/scanner.js';
import type { Standstill } from '../threads/standstill.js';
import type { BodyPlaces } from './body-places.js';
import { giveBack } from './give-back.js';
import { SampledPages } from './sampled-pages.js';

/** How often an upload that waits for a free frame looks for one. */
const LOOK_MS = 10;
const NOTHING: Buffer = Buffer.alloc(0);

export interface UploadTarget {
  readonly guest: string;
  readonly places: BodyPlaces;
  /** Bytes to come, where they were announced. */
  readonly length: number | undefined;
  /** Fingerprints come, made with the key of that id; undefined: bytes. */
  readonly keyId: string | undefined;
}

export class Uploads {
  private readonly open = new Map<Socket, Upload>();

  constructor(
    private readonly host: Host,
    private readonly scanner: Scanner,
    private readonly standstill: Standstill,
    /** How long an upload waits for a free frame. */
    private readonly patienceMs: number,
  ) {}

  /**
   * Stores the body; how many bytes it had. KsmdError if it ends otherwise than announced
   * or cannot all be stored.
   */
  async store(body: IncomingMessage, target: UploadTarget): Promise<number> {
    const upload = new Upload(
      this.host,
      this.scanner,
      this.standstill,
      this.patienceMs,
      body,
      target,
    );
    this.open.set(body.socket, upload);
    try {
      return await upload.finished;
    } finally {
      this.open.delete(body.socket);
    }
  }

  /** Bytes that the upload under way on a connection has stored. */
  bytesStored(socket: Socket): number | undefined {
    return this.open.get(socket)?.bytesStored;
  }

  /** The daemon stops, and the guests with it: whoever is still uploading is told at once. */
  interruptAll(): void {
    for (const upload of this.open.values()) upload.fail('EINTR', 'ksmd is stopping');
  }
}

class Upload {
  bytesStored = 0;
  readonly finished: Promise<number>;
  private readonly guestId: number;
  private readonly sampled: SampledPages;
  /** Of the next one, what has come. */
  private begun = NOTHING;
  private resolve: (bytes: number) => void = () => {};
  private reject: (error: KsmdError) => void = () => {};

  constructor(
    private readonly host: Host,
    private readonly scanner: Scanner,
    private readonly standstill: Standstill,
    private readonly patienceMs: number,
    private readonly body: IncomingMessage,
    private readonly target: UploadTarget,
  ) {
    this.guestId = host.guests.id(target.guest);
    this.sampled = new SampledPages(host);
    this.finished = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    body.on('data', this.take);
    body.on('end', this.end);
    body.on('close', this.gone);
  }

  /** Ends the upload with an error that says how much was stored. */
  fail(code: Errno, message: string): void {
    this.letGo();
    this.reject(
      new KsmdError(code, `${message}: ${this.bytesStored} bytes were stored`, {
        bytesStored: this.bytesStored,
      }),
    );
  }

  private readonly take = (chunk: Buffer): void => {
    const room = (this.target.length ?? Number.POSITIVE_INFINITY) - this.bytesStored;
    const come = this.begun.length === 0 ? chunk : Buffer.concat([this.begun, chunk]);
    const expected = Math.min(come.length, room);
    const whole = expected - (expected % this.target.places.unitBytes);
    this.begun = Buffer.from(come.subarray(whole, expected));
    const done = this.store(come.subarray(0, whole));
    if (done === undefined) return;
    if (done < whole) {
      this.begun = NOTHING;
      void this.waitWith(come.subarray(done));
      return;
    }
    if (come.length > room)
      this.fail('EINVAL', `the body is larger than the ${this.target.length} bytes announced`);
    giveBack(chunk);
  };

  private readonly end = (): void => {
    const { length } = this.target;
    if (length !== undefined && this.bytesStored < length)
      this.fail('EINVAL', `the body was cut short of the ${length} bytes announced`);
    else if (this.begun.length > 0)
      this.fail('EINVAL', 'the body ends in the middle of a fingerprint');
    else {
      this.letGo();
      this.resolve(this.bytesStored);
    }
  };

  private readonly gone = (): void => {
    this.fail('EINVAL', 'the connection was closed before the end of the body');
  };

  /**
   * How many of the bytes were stored: fewer if it takes a wait to store the others, undefined if
   * the upload has failed.
   */
  private store(bytes: Buffer): number | undefined {
    if (!this.standstill.isReady) return 0;
    let done = bytes.length;
    try {
      // The guest of that name may be another by now.
      if (this.host.guests.id(this.target.guest) !== this.guestId)
        throw new KsmdError('ENOENT', `guest '${this.target.guest}' is gone`);
      this.put(bytes);
    } catch (error) {
      if (isKsmdError(error, 'ENOMEM')) done = error.details.bytesStored ?? 0;
      else {
        if (error instanceof KsmdError) this.fail(error.code, error.message);
        else this.fail('EIO', `a fault in ksmd: ${error}`);
        return undefined;
      }
    }
    this.bytesStored += done;
    return done;
  }

  /** ENOMEM says how many of the bytes were stored. */
  private put(bytes: Buffer): void {
    const { places } = this.target;
    for (let done = 0; done < bytes.length; ) {
      const at = places.at(this.bytesStored + done);
      const piece = bytes.subarray(done, done + at.bytes);
      try {
        this.putPiece(at.address, piece);
      } catch (error) {
        if (!isKsmdError(error, 'ENOMEM')) throw error;
        const bytesStored = done + (error.details.bytesStored ?? 0);
        throw new KsmdError('ENOMEM', error.message, { bytesStored });
      }
      done += piece.length;
    }
  }

  private putPiece(address: number, bytes: Buffer): void {
    const { host } = this;
    const { guest, keyId } = this.target;
    if (keyId === undefined) {
      host.memory.store(guest, address, bytes);
      return;
    }
    // Pages of another key may have come meanwhile.
    host.memory.useKey(keyId);
    this.sampled.store(guest, address, bytes);
  }

  /** Waits until there is a free frame, then goes on with `rest`. */
  private async waitWith(rest: Buffer): Promise<void> {
    this.body.pause();
    await this.standstill.ready();
    for (
      let waitedMs = 0;
      waitedMs < this.patienceMs && this.scanner.state === 'running' && !this.hasFreeFrame();
      waitedMs += LOOK_MS
    )
      await delay(LOOK_MS);
    if (this.body.listenerCount('data') === 0) return;
    if (!this.hasFreeFrame()) {
      this.fail('ENOMEM', 'no frame is free');
      return;
    }
    this.body.resume();
    this.take(rest);
  }

  private hasFreeFrame(): boolean {
    const { frames } = this.host.machine;
    return frames.used < frames.total;
  }

  /** From here on the body is read and thrown away. */
  private letGo(): void {
    this.body.off('data', this.take);
    this.body.off('end', this.end);
    this.body.off('close', this.gone);
    this.body.resume();
  }
}
