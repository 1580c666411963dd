/** What a page that never rests holds, while a recording is played: no other page ever has it. */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';

/** No page of the host's begins with so many of them. */
const MARK = 0x2e;
const MARK_WORD = 0x2e2e2e2e;

/** `number`: another one each time. */
export function restlessContent(number: number): Buffer {
  const content = Buffer.alloc(FINGERPRINT_BYTES, MARK);
  content.writeDoubleLE(number, FINGERPRINT_BYTES - 8);
  return content;
}

export function isRestlessContent(content: Buffer): boolean {
  return content.readUInt32LE(0) === MARK_WORD && content.readUInt32LE(4) === MARK_WORD;
}
