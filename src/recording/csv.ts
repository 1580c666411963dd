/**
 * A recording as lines of CSV (RFC 4180): a page each that is something else than before. What a
 * page is: absent, zeroes, content with its fingerprint, unsampled, restless, or shared with a
 * guest.
 */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import {
  PAGE_AS_BEFORE,
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_KIND,
  PAGE_MERGED,
  PAGE_SHARED,
} from './format.js';
import { RecordedHost } from './recorded-host.js';
import type { Recording } from './recording.js';
import type { PagesRecord } from './records.js';

const KINDS = ['absent', 'zeroes', 'content', 'unsampled', 'restless', 'shared'];
export const CSV_HEAD = 'sweep,guest,address,page,fingerprint,shared_with,huge,merged\r\n';

/** Text of many lines, one run after the other. */
export async function* csv(recording: Recording): AsyncGenerator<string, void, undefined> {
  yield CSV_HEAD;
  const host = new RecordedHost(recording.header);
  let sweep = 1;
  for await (const record of recording.records()) {
    host.apply(record);
    if (record.type === 'end') sweep++;
    else if (record.type === 'pages' && (record.state & PAGE_KIND) !== PAGE_AS_BEFORE)
      yield linesOf(record, sweep, host);
  }
}

function linesOf(record: PagesRecord, sweep: number, host: RecordedHost): string {
  const { guest, page, pages, state, fingerprints, owner } = record;
  const kind = state & PAGE_KIND;
  const name = field(host.guest(guest).facts.name);
  const sharedWith =
    kind === PAGE_SHARED && owner !== undefined
      ? field(host.guests.get(owner)?.facts.name ?? '')
      : '';
  const marks = `${(state & PAGE_HUGE) === 0 ? 0 : 1},${(state & PAGE_MERGED) === 0 ? 0 : 1}`;
  let lines = '';
  for (let at = 0; at < pages; at++) {
    const address = (page + at) * host.header.pageSize;
    const fingerprint =
      kind === PAGE_CONTENT
        ? fingerprints?.toString('hex', at * FINGERPRINT_BYTES, (at + 1) * FINGERPRINT_BYTES)
        : '';
    lines += `${sweep},${name},${address},${KINDS[kind]},${fingerprint},${sharedWith},${marks}\r\n`;
  }
  return lines;
}

function field(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
