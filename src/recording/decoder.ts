/** Records from bytes. Believes nothing: EINVAL, and a sentence, for what no encoder writes. */
import type { Static } from 'typebox';
import { Compile } from 'typebox/schema';
import { KsmdError } from '../errors.js';
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import { FieldReader } from './fields.js';
import * as format from './format.js';
import type { GuestRecord, NumbersRecord, PagesRecord, SweepRecord } from './records.js';
import { FactsSchema, GuestSchema } from './schemas.js';

/** Pages of 57 bits of address, or fewer. */
const MOST_PAGES = 2 ** 47;
const MOST_GUESTS = 2 ** 31 - 2;

const guestFacts = Compile(GuestSchema);
const facts = Compile(FactsSchema);

export class Decoder {
  private readonly known = new Set<number>();
  private guest: number | undefined;
  private page = 0;
  private readonly numbers = new Map<number | undefined, number[]>();

  constructor(private readonly header: format.RecordingHeader) {}

  /** Those of a block's payload, in order. */
  *records(payload: Buffer): Generator<SweepRecord, void, undefined> {
    const fields = new FieldReader(payload);
    while (!fields.isAtEnd) {
      const first = fields.byte();
      if (first >= format.PAGES) yield this.pages(first, fields);
      else {
        const record = this.other(first, fields);
        if (record !== undefined) yield record;
      }
    }
  }

  private pages(first: number, fields: FieldReader): PagesRecord {
    const { guest } = this;
    if (guest === undefined) throw new KsmdError('EINVAL', "pages in it are no guest's");
    const state = first & ~format.PAGES;
    const kind = state & format.PAGE_KIND;
    if ((state & ~format.PAGE_BITS) !== 0 || kind > format.PAGE_AS_BEFORE)
      throw new KsmdError('EINVAL', `pages in it are of an unknown kind (${first})`);
    const page = this.page + fields.number();
    const pages = fields.number();
    this.page = page + pages;
    if (pages === 0 || pages > format.MOST_PAGES_A_RUN || this.page > MOST_PAGES)
      throw new KsmdError('EINVAL', `a run of ${pages} pages in it is at page ${page}`);
    const run = { type: 'pages', guest, page, pages, state } as const;
    if (kind === format.PAGE_SHARED) return { ...run, owner: this.knownGuest(fields) };
    if (kind !== format.PAGE_CONTENT) return run;
    return { ...run, fingerprints: fields.raw(pages * FINGERPRINT_BYTES) };
  }

  private other(first: number, fields: FieldReader): SweepRecord | undefined {
    switch (first) {
      case format.RECORD_PAGES_OF:
        this.guest = this.knownGuest(fields);
        this.page = 0;
        return undefined;
      case format.RECORD_GUEST:
        return this.guestRecord(fields);
      case format.RECORD_GUEST_GONE: {
        const guest = this.knownGuest(fields);
        this.known.delete(guest);
        if (this.guest === guest) this.guest = undefined;
        this.numbers.delete(guest);
        return { type: 'guest-gone', guest };
      }
      case format.RECORD_MAPPING: {
        const guest = this.knownGuest(fields);
        const [page, pages, flags] = [fields.number(), fields.number(), fields.number()];
        if (page + pages > MOST_PAGES)
          throw new KsmdError('EINVAL', `a mapping of ${pages} pages in it is at page ${page}`);
        const node = fields.number();
        if (node > format.MOST_NODES)
          throw new KsmdError('EINVAL', `a mapping in it lies on node ${node - 1}`);
        const where = { type: 'mapping', guest, page, pages, flags } as const;
        return { ...where, node: node === 0 ? undefined : node - 1, label: fields.text() };
      }
      case format.RECORD_MAPPING_GONE:
        return { type: 'mapping-gone', guest: this.knownGuest(fields), page: fields.number() };
      case format.RECORD_GUEST_NUMBERS:
        return this.numbersRecord(this.knownGuest(fields), fields);
      case format.RECORD_HOST_NUMBERS:
        return this.numbersRecord(undefined, fields);
      case format.RECORD_FACTS:
        return { type: 'facts', facts: checked(facts, fields.text()) };
      case format.RECORD_PREFIXES: {
        const where = { guest: this.knownGuest(fields), page: fields.number() };
        const counts = Array.from({ length: format.PREFIX_BINS }, () => fields.number());
        return { type: 'prefixes', ...where, counts };
      }
      case format.RECORD_UNSAMPLED_CHANGES:
        return {
          type: 'unsampled-changes',
          guest: this.knownGuest(fields),
          pages: fields.number(),
        };
      case format.RECORD_END:
        this.guest = undefined;
        return {
          type: 'end',
          startMs: fields.number(),
          durationMs: fields.number(),
          processorMs: fields.number(),
        };
      default:
        throw new KsmdError('EINVAL', `a record in it is of an unknown kind (${first})`);
    }
  }

  private guestRecord(fields: FieldReader): GuestRecord {
    const guest = fields.number();
    if (guest > MOST_GUESTS) throw new KsmdError('EINVAL', `a guest in it has number ${guest}`);
    const facts: Static<typeof GuestSchema> = checked(guestFacts, fields.text());
    this.known.add(guest);
    return { type: 'guest', guest, ...facts };
  }

  private knownGuest(fields: FieldReader): number {
    const guest = fields.number();
    if (this.known.has(guest)) return guest;
    throw new KsmdError('EINVAL', `there is no guest ${guest} in it where one is told of`);
  }

  private numbersRecord(guest: number | undefined, fields: FieldReader): NumbersRecord {
    const { hostNumbers, guestNumbers } = this.header;
    const length = (guest === undefined ? hostNumbers : guestNumbers).length;
    const values = [...(this.numbers.get(guest) ?? new Array<number>(length).fill(0))];
    const mask = fields.number();
    if (mask >= 2 ** length) throw new KsmdError('EINVAL', 'a number in it has no name');
    for (let at = 0; at < length; at++)
      if (Math.floor(mask / 2 ** at) % 2 === 1) values[at] = (values[at] ?? 0) + fields.signed();
    this.numbers.set(guest, values);
    return { type: 'numbers', guest, values };
  }
}

function checked<T>(schema: { Check(value: unknown): value is T }, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new KsmdError('EINVAL', 'facts in it are no JSON');
  }
  if (schema.Check(value)) return value;
  throw new KsmdError('EINVAL', 'facts in it are not what they should be');
}
