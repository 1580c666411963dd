/**
 * Writes a recording, a sweep after the other. What of a sweep does not fit in one block goes out
 * before its end; a reader takes it only when the end is there.
 */
import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { crc32, deflateRawSync } from 'node:zlib';
import { KsmdError, systemError } from '../errors.js';
import { quoted } from '../printable.js';
import { Encoder } from './encoder.js';
import {
  BLOCK_HEAD_BYTES,
  BLOCK_HEADER,
  BLOCK_RECORDS,
  BLOCK_SWEEP_END,
  CHECKSUM_BYTES,
  headerOf,
  MAGIC,
  MOST_PAYLOAD_BYTES,
  PACKED_DEFLATE,
  PACKED_NOT,
  type RecordingHeader,
} from './format.js';
import type { EndRecord, SweepRecord } from './records.js';

/** A block is closed when it has so much; no record adds as much again. */
const BLOCK_BYTES = MOST_PAYLOAD_BYTES / 16;
/** What is no fingerprint is to be so many bytes and a sixteenth, to be worth packing. */
const WORTH_PACKING_BYTES = 128;
const WORTH_PACKING_PARTS = 16;

export class RecordingWriter {
  private readonly encoder = new Encoder();
  /** Sweeps that are whole in the file. */
  sweeps = 0;
  /** Bytes of the file, and of them those up to the last whole sweep's end. */
  length = 0;
  private wholeBytes = 0;

  private constructor(
    readonly path: string,
    readonly header: RecordingHeader,
    private readonly fd: number,
  ) {}

  /** EEXIST if there is such a file: a recording is not made twice. */
  static create(path: string, header: RecordingHeader): RecordingWriter {
    const text = Buffer.from(JSON.stringify(header));
    // What no reader would take is not begun.
    headerOf(text);
    let fd: number;
    try {
      fd = openSync(path, 'wx', 0o600);
    } catch (error) {
      throw systemError(error, `cannot make ${quoted(path)}`);
    }
    const writer = new RecordingWriter(path, header, fd);
    try {
      writer.append(Buffer.from(MAGIC, 'latin1'));
      writer.appendBlock(BLOCK_HEADER, text, 0);
      writer.wholeBytes = writer.length;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    return writer;
  }

  write(record: Exclude<SweepRecord, EndRecord>): void {
    const { encoder } = this;
    encoder.write(record);
    if (encoder.fields.length >= BLOCK_BYTES) this.flush(BLOCK_RECORDS);
  }

  endSweep(end: Omit<EndRecord, 'type'>): void {
    this.encoder.write({ type: 'end', ...end });
    this.flush(BLOCK_SWEEP_END);
    this.sweeps++;
    this.wholeBytes = this.length;
  }

  /** A sweep without an end is taken back. What has been written lies on the disk. */
  close(): void {
    try {
      ftruncateSync(this.fd, this.wholeBytes);
      fsyncSync(this.fd);
    } catch (error) {
      throw systemError(error, `cannot write ${quoted(this.path)}`);
    } finally {
      closeSync(this.fd);
    }
  }

  private flush(kind: number): void {
    const { fields } = this.encoder;
    this.appendBlock(kind, fields.bytes, fields.rawBytes);
    fields.clear();
  }

  /** Of the payload so many bytes are fingerprints: nothing makes them smaller. */
  private appendBlock(kind: number, payload: Buffer, fingerprintBytes: number): void {
    const others = payload.length - fingerprintBytes;
    const isWorthPacking =
      others >= WORTH_PACKING_BYTES && others * WORTH_PACKING_PARTS >= payload.length;
    const packed = isWorthPacking ? deflateRawSync(payload) : payload;
    const isSmaller = packed.length < payload.length;
    const stored = isSmaller ? packed : payload;
    const head = Buffer.alloc(BLOCK_HEAD_BYTES);
    head[0] = kind;
    head[1] = isSmaller ? PACKED_DEFLATE : PACKED_NOT;
    head.writeUInt32LE(stored.length + CHECKSUM_BYTES, 2);
    const sum = Buffer.alloc(CHECKSUM_BYTES);
    sum.writeUInt32LE(crc32(stored, crc32(head)));
    for (const part of [head, stored, sum]) this.append(part);
  }

  private append(bytes: Buffer): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    } catch (error) {
      const { code, message } = systemError(error, `cannot write ${quoted(this.path)}`);
      const left = this.sweeps === 1 ? 'one sweep is' : `${this.sweeps} sweeps are`;
      throw new KsmdError(code, `${message}: ${left} whole in it`);
    }
    this.length += bytes.length;
  }
}
