/**
 * Contents by their fingerprints, each once, and how many pages and guests have it. Fingerprints
 * are digests already, so a part of one is its place. 32 bytes a place, and one in four is free.
 */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';

const KEY_WORDS = FINGERPRINT_BYTES / 4;
const MOST_FILLED = 0.75;
const FIRST_PLACES = 1 << 16;

export class ContentTable {
  /** How many contents there are. */
  size = 0;
  private places = FIRST_PLACES;
  private keys = new Uint32Array(this.places * KEY_WORDS);
  private pages = new Uint32Array(this.places);
  private guests = new Uint32Array(this.places);
  /** Whose page came last. */
  private lastGuests = new Int32Array(this.places);
  /** In which order they came. */
  private numbers = new Uint32Array(this.places);
  private readonly key = new Uint32Array(KEY_WORDS);
  private readonly keyBytes = Buffer.from(this.key.buffer);

  /**
   * A page of a guest has this content. Pages of one guest come one after the other. Returns the
   * content's number: contents are numbered as they come, from 0 on.
   */
  add(fingerprints: Buffer, offset: number, guest: number): number {
    if (this.size >= this.places * MOST_FILLED) this.grow();
    const place = this.placeOf(fingerprints, offset);
    if (this.pages[place] === 0) {
      this.keys.set(this.key, place * KEY_WORDS);
      this.lastGuests[place] = -1;
      this.numbers[place] = this.size++;
    }
    this.pages[place] = (this.pages[place] ?? 0) + 1;
    const number = this.numbers[place] ?? 0;
    if (this.lastGuests[place] === guest) return number;
    this.lastGuests[place] = guest;
    this.guests[place] = (this.guests[place] ?? 0) + 1;
    return number;
  }

  /**
   * Once all pages are added, those of a guest may come again: how many guests have the content of
   * this one, the first time that this guest comes with it; then 0.
   */
  comeAgain(fingerprints: Buffer, offset: number, guest: number): number {
    const place = this.placeOf(fingerprints, offset);
    const again = -2 - guest;
    if (this.lastGuests[place] === again) return 0;
    this.lastGuests[place] = again;
    return this.guests[place] ?? 0;
  }

  /** Of a content that was added. */
  numberOf(fingerprints: Buffer, offset: number): number {
    return this.numbers[this.placeOf(fingerprints, offset)] ?? 0;
  }

  /**
   * Calls `content` for each: its pages, its guests, its number, and its place, which `keyAt`
   * knows.
   */
  each(content: (pages: number, guests: number, number: number, place: number) => void): void {
    for (let place = 0; place < this.places; place++) {
      const pages = this.pages[place] ?? 0;
      if (pages > 0) content(pages, this.guests[place] ?? 0, this.numbers[place] ?? 0, place);
    }
  }

  /** The fingerprint of the content at a place. */
  keyAt(place: number): Buffer {
    const key = this.keys.slice(place * KEY_WORDS, (place + 1) * KEY_WORDS);
    return Buffer.from(key.buffer);
  }

  /** Where it is, or would be; it is in `key` then. */
  private placeOf(fingerprints: Buffer, offset: number): number {
    const { key, keys, places, pages } = this;
    fingerprints.copy(this.keyBytes, 0, offset, offset + FINGERPRINT_BYTES);
    // The first word says whether it is in a sample: within one it is no chance any more.
    let place = (key[1] ?? 0) % places;
    while (pages[place] !== 0) {
      const at = place * KEY_WORDS;
      if (
        keys[at] === key[0] &&
        keys[at + 1] === key[1] &&
        keys[at + 2] === key[2] &&
        keys[at + 3] === key[3]
      )
        return place;
      place = place + 1 === places ? 0 : place + 1;
    }
    return place;
  }

  private grow(): void {
    const { keys, pages, guests, lastGuests, numbers, places } = this;
    this.places = places * 2;
    this.keys = new Uint32Array(this.places * KEY_WORDS);
    this.pages = new Uint32Array(this.places);
    this.guests = new Uint32Array(this.places);
    this.lastGuests = new Int32Array(this.places);
    this.numbers = new Uint32Array(this.places);
    const bytes = Buffer.from(keys.buffer);
    for (let old = 0; old < places; old++) {
      if (pages[old] === 0) continue;
      const place = this.placeOf(bytes, old * FINGERPRINT_BYTES);
      this.keys.set(this.key, place * KEY_WORDS);
      this.pages[place] = pages[old] ?? 0;
      this.guests[place] = guests[old] ?? 0;
      this.lastGuests[place] = lastGuests[old] ?? 0;
      this.numbers[place] = numbers[old] ?? 0;
    }
  }
}
