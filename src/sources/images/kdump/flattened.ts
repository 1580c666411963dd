/**
 * A flattened file, as makedumpfile -F and QEMU write what they cannot seek in: pieces of another
 * file, each with the place where it belongs. `makedumpfile -R` would put it together; here it is
 * read as if it had been.
 */
import { KsmdError } from '../../../errors.js';
import type { Piece, Stored } from '../bytes.js';
import { Fields } from '../fields.js';
import { type Input, storedInput } from '../input.js';
import { malformed } from '../malformed.js';
import { stored } from '../spool.js';
import { Window } from '../window.js';

const HEADER_BYTES = 4096;
const TYPE_AT = 16;
const VERSION_AT = 24;
/** Where it belongs and how long it is, big endian. */
const RECORD_BYTES = 16;
const END_WORD = 0xffffffff;
const FIRST_RECORDS = 1024;
/** What one file can be, so that a record that lies cannot claim more. */
const MOST_BYTES = 2 ** 52;

export async function unflattened(input: Input): Promise<Input> {
  const bytes = await stored(input);
  try {
    const within = { input, wrapping: 'a flattened file' };
    return storedInput(input.path, await Flattened.open(bytes), within);
  } catch (error) {
    if (bytes !== input.file) await bytes.close();
    throw error;
  }
}

class Flattened implements Stored {
  private constructor(
    private readonly bytes: Stored,
    private readonly records: Records,
    readonly length: number,
  ) {}

  /** EINVAL if it is none, is cut, or has two pieces over each other. */
  static async open(bytes: Stored): Promise<Flattened> {
    const { path } = bytes;
    const header = new Fields(await bytes.read(0, HEADER_BYTES, 'the flattened header'), false);
    if (header.u64(TYPE_AT) !== 1 || header.u64(VERSION_AT) !== 1)
      throw malformed(path, 'a flattened file of no known version', TYPE_AT);
    const window = new Window(bytes);
    const records = new Records();
    for (let at = HEADER_BYTES; ; ) {
      const fields = new Fields(await window.read(at, RECORD_BYTES, 'a flattened record'), false);
      // The end is told by -1, as a place.
      if (fields.u32(0) === END_WORD && fields.u32(4) === END_WORD) break;
      const place = fields.u64(0);
      const length = fields.u64(8);
      if (place + length > MOST_BYTES) throw malformed(path, 'a piece beyond all files', at);
      if (at + RECORD_BYTES + length > bytes.length)
        throw malformed(path, 'cut short within a flattened piece', bytes.length);
      if (length > 0) records.add(place, length, at + RECORD_BYTES);
      at += RECORD_BYTES + length;
    }
    records.sort(path);
    return new Flattened(bytes, records, records.end);
  }

  get path(): string {
    return this.bytes.path;
  }

  /** What no piece has is zero. */
  async read(position: number, length: number, what: string): Promise<Uint8Array> {
    if (position + length > this.length)
      throw malformed(this.path, `cut short within ${what}`, Math.min(position, this.length));
    const end = position + length;
    const read = new Uint8Array(length);
    for (let number = this.records.firstAfter(position); number < this.records.count; number++) {
      const { place, bytes, at } = this.records.record(number);
      if (place >= end) break;
      const from = Math.max(place, position);
      const to = Math.min(place + bytes, end);
      read.set(await this.bytes.read(at + (from - place), to - from, what), from - position);
    }
    return read;
  }

  async *data(from: number, to: number, unit: number): AsyncGenerator<Piece, void, undefined> {
    const most = Math.max(unit, (1 << 20) - ((1 << 20) % unit));
    for (let position = from; position < to; position += most)
      yield {
        position,
        bytes: await this.read(position, Math.min(most, to - position), 'its memory'),
      };
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const { bytes } of this.data(0, this.length, 1)) yield bytes;
  }

  async close(): Promise<void> {
    await this.bytes.close();
  }
}

interface FlatRecord {
  readonly place: number;
  readonly bytes: number;
  readonly at: number;
}

/** Where pieces belong, how long they are and where they lie: a large dump has millions. */
class Records {
  count = 0;
  /** Of the file put together. */
  end = 0;
  private places = new Float64Array(FIRST_RECORDS);
  private lengths = new Float64Array(FIRST_RECORDS);
  private positions = new Float64Array(FIRST_RECORDS);
  private order = new Uint32Array(0);

  add(place: number, length: number, position: number): void {
    if (this.count === this.places.length) {
      this.places = doubled(this.places);
      this.lengths = doubled(this.lengths);
      this.positions = doubled(this.positions);
    }
    this.places[this.count] = place;
    this.lengths[this.count] = length;
    this.positions[this.count] = position;
    this.count++;
    this.end = Math.max(this.end, place + length);
  }

  /** By place; of two for the same place the later one counts, as writing twice has it. */
  sort(path: string): void {
    const { places, lengths, positions } = this;
    const number = (array: Float64Array, index: number): number => array[index] ?? 0;
    const order = Uint32Array.from({ length: this.count }, (_none, index) => index).sort(
      (a, b) => number(places, a) - number(places, b) || a - b,
    );
    let kept = 0;
    for (const index of order) {
      const last = order[kept - 1];
      const place = number(places, index);
      if (last !== undefined && place < number(places, last) + number(lengths, last)) {
        if (place !== number(places, last) || number(lengths, index) < number(lengths, last))
          throw malformed(path, 'a flattened piece over another one', number(positions, index));
        kept--;
      }
      order[kept++] = index;
    }
    if (kept === 0) throw new KsmdError('EINVAL', `${path} is a flattened file with nothing in it`);
    this.order = order.subarray(0, kept);
    this.count = kept;
  }

  record(number: number): FlatRecord {
    const index = this.order[number] ?? 0;
    return {
      place: this.places[index] ?? 0,
      bytes: this.lengths[index] ?? 0,
      at: this.positions[index] ?? 0,
    };
  }

  /** The first that ends after a place. */
  firstAfter(place: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const record = this.record(middle);
      if (record.place + record.bytes > place) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function doubled(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
