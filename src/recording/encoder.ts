/** Records as bytes. Keeps what the one before said, as only differences are written. */
import { FieldWriter } from './fields.js';
import * as format from './format.js';
import type { NumbersRecord, PagesRecord, SweepRecord } from './records.js';

export class Encoder {
  readonly fields = new FieldWriter();
  /** Whose pages follow, and the page after the last one told. */
  private guest: number | undefined;
  private page = 0;
  /** By guest; the host's own have no guest. */
  private readonly numbers = new Map<number | undefined, readonly number[]>();

  write(record: SweepRecord): void {
    const { fields } = this;
    switch (record.type) {
      case 'pages':
        this.writePages(record);
        break;
      case 'numbers':
        this.writeNumbers(record);
        break;
      case 'guest': {
        const { name, pid, comm, startedTicks, mergesAny, isPinned, tellsFrames } = record;
        fields.byte(format.RECORD_GUEST);
        fields.number(record.guest);
        fields.text(
          JSON.stringify({ name, pid, comm, startedTicks, mergesAny, isPinned, tellsFrames }),
        );
        break;
      }
      case 'guest-gone':
        fields.byte(format.RECORD_GUEST_GONE);
        this.numbers.delete(record.guest);
        fields.number(record.guest);
        break;
      case 'mapping':
        fields.byte(format.RECORD_MAPPING);
        fields.number(record.guest);
        fields.number(record.page);
        fields.number(record.pages);
        fields.number(record.flags);
        fields.number(record.node === undefined ? 0 : record.node + 1);
        fields.text(record.label);
        break;
      case 'mapping-gone':
        fields.byte(format.RECORD_MAPPING_GONE);
        fields.number(record.guest);
        fields.number(record.page);
        break;
      case 'facts':
        fields.byte(format.RECORD_FACTS);
        fields.text(JSON.stringify(record.facts));
        break;
      case 'prefixes':
        fields.byte(format.RECORD_PREFIXES);
        fields.number(record.guest);
        fields.number(record.page);
        for (const count of record.counts) fields.number(count);
        break;
      case 'unsampled-changes':
        fields.byte(format.RECORD_UNSAMPLED_CHANGES);
        fields.number(record.guest);
        fields.number(record.pages);
        break;
      case 'end':
        this.guest = undefined;
        fields.byte(format.RECORD_END);
        fields.number(Math.round(record.startMs));
        fields.number(Math.round(record.durationMs));
        fields.number(Math.round(record.processorMs));
        break;
    }
  }

  private writePages({ guest, page, pages, state, fingerprints, owner }: PagesRecord): void {
    const { fields } = this;
    if (guest !== this.guest || page < this.page) {
      fields.byte(format.RECORD_PAGES_OF);
      fields.number(guest);
      this.guest = guest;
      this.page = 0;
    }
    fields.byte(format.PAGES | state);
    fields.number(page - this.page);
    fields.number(pages);
    if (owner !== undefined) fields.number(owner);
    if (fingerprints !== undefined) fields.raw(fingerprints);
    this.page = page + pages;
  }

  /** Nothing, if all are as they were. */
  private writeNumbers({ guest, values }: NumbersRecord): void {
    const before = this.numbers.get(guest) ?? [];
    const changed = values.map((value, at) => value - (before[at] ?? 0));
    if (changed.every((by) => by === 0)) return;
    const { fields } = this;
    if (guest === undefined) fields.byte(format.RECORD_HOST_NUMBERS);
    else {
      fields.byte(format.RECORD_GUEST_NUMBERS);
      fields.number(guest);
    }
    fields.number(changed.reduce((mask, by, at) => mask + (by === 0 ? 0 : 2 ** at), 0));
    for (const by of changed) if (by !== 0) fields.signed(by);
    this.numbers.set(guest, values);
  }
}
