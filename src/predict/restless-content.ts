/** What a page that never rests holds, while a recording is played: no other page ever has it. */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';

const MARK = 0x2e;
/** No page of the host's begins with two of them. */
export const RESTLESS_WORD = 0x2e2e2e2e;

/** `number`: another one each time. */
export function restlessContent(number: number): Buffer {
  const content = Buffer.alloc(FINGERPRINT_BYTES, MARK);
  content.writeDoubleLE(number, FINGERPRINT_BYTES - 8);
  return content;
}

export function isRestlessContent(content: Buffer): boolean {
  return content.readUInt32LE(0) === RESTLESS_WORD && content.readUInt32LE(4) === RESTLESS_WORD;
}
