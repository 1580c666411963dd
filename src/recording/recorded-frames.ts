/**
 * Which frame each page of a recorded host maps, and what stands for its content. A frame is told
 * by the guest that has it: those that a fork shares are one guest's own, at the same address.
 */
import { hash } from 'node:crypto';
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import {
  PAGE_ABSENT,
  PAGE_CONTENT,
  PAGE_KIND,
  PAGE_SHARED,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
} from './format.js';
import { type RecordedHost, type RecordedStretch, STRETCH_PAGES } from './recorded-host.js';

/** Fingerprints that begin so are in no sample but that of all. */
const OUTSIDE_ANY_SAMPLE = 0xff;

/** No family is as deep. */
const MOST_OWNERS = 64;
/** Of fingerprints at once. */
const PIECE_PAGES = 64 * 1024;

export class RecordedFrames {
  private readonly piece = Buffer.alloc(PIECE_PAGES * FINGERPRINT_BYTES);

  /** `salt`: contents that nobody knows are others with another. */
  constructor(
    private readonly host: RecordedHost,
    private readonly salt: string,
  ) {}

  /** The guest whose frame a guest's page maps: itself, unless a fork has it shared. */
  ownerOf(guest: number, page: number): number {
    let owner = guest;
    for (let steps = 0; steps < MOST_OWNERS; steps++) {
      const stretch = this.stretchOf(owner, page);
      const index = page % STRETCH_PAGES;
      if (stretch === undefined || kindOf(stretch, index) !== PAGE_SHARED) break;
      owner = stretch.owners[index] ?? owner;
    }
    return owner;
  }

  /**
   * What stands for present pages in a row, 16 bytes each, in pieces that hold until the next one
   * is taken. Pages outside the sample have what is in no sample. Those of which nobody knows what
   * they hold, as they change whenever they are looked at, have what no other page has.
   */
  *fingerprints(guest: number, page: number, pages: number): Generator<Buffer, void, undefined> {
    const { piece } = this;
    const end = page + pages;
    for (let at = page, filled = 0; at < end; ) {
      const ofStretch = STRETCH_PAGES - (at % STRETCH_PAGES);
      const count = Math.min(ofStretch, end - at, PIECE_PAGES - filled);
      this.write(guest, at, count, piece.subarray(bytes(filled), bytes(filled + count)));
      at += count;
      filled += count;
      if (filled < PIECE_PAGES && at < end) continue;
      yield piece.subarray(0, bytes(filled));
      filled = 0;
    }
  }

  /** Of pages of one stretch. */
  private write(guest: number, page: number, pages: number, target: Buffer): void {
    const stretch = this.stretchOf(guest, page);
    const first = page % STRETCH_PAGES;
    for (let at = 0; at < pages; ) {
      const kind = kindOf(stretch, first + at);
      let end = at + 1;
      while (end < pages && kindOf(stretch, first + end) === kind) end++;
      this.writeAlike(kind, stretch, guest, page + at, target.subarray(bytes(at), bytes(end)));
      at = end;
    }
  }

  /** Pages of one kind, as many as there is room for. */
  private writeAlike(
    kind: number,
    stretch: RecordedStretch | undefined,
    guest: number,
    page: number,
    target: Buffer,
  ): void {
    if (kind === PAGE_ZEROES) target.fill(0);
    else if (kind === PAGE_UNSAMPLED) target.fill(OUTSIDE_ANY_SAMPLE);
    else if (kind === PAGE_CONTENT && stretch !== undefined) {
      const from = bytes(page % STRETCH_PAGES);
      stretch.fingerprints.copy(target, 0, from, from + target.length);
    } else
      for (let at = 0; bytes(at) < target.length; at++) {
        const one = target.subarray(bytes(at), bytes(at + 1));
        if (kind === PAGE_SHARED) this.writeShared(this.ownerOf(guest, page + at), page + at, one);
        else this.writeUnknown(guest, page + at, one);
      }
  }

  private writeShared(owner: number, page: number, target: Buffer): void {
    const stretch = this.stretchOf(owner, page);
    const kind = kindOf(stretch, page % STRETCH_PAGES);
    // Whose page could not be read has told nobody what is in it.
    if (kind === PAGE_SHARED) this.writeUnknown(owner, page, target);
    else this.writeAlike(kind, stretch, owner, page, target);
  }

  private writeUnknown(guest: number, page: number, target: Buffer): void {
    const content = hash('sha256', `${guest} ${page} ${this.salt}`, 'binary');
    target.write(content, 0, FINGERPRINT_BYTES, 'latin1');
  }

  private stretchOf(guest: number, page: number): RecordedStretch | undefined {
    return this.host.guests.get(guest)?.stretches.get(Math.floor(page / STRETCH_PAGES));
  }
}

function kindOf(stretch: RecordedStretch | undefined, index: number): number {
  return (stretch?.states[index] ?? PAGE_ABSENT) & PAGE_KIND;
}

function bytes(pages: number): number {
  return pages * FINGERPRINT_BYTES;
}
