/** Memory as people read it: address, sixteen bytes in hexadecimal, the same as text. */

const LINE_BYTES = 16;

export async function* hexDump(
  address: number,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  let at = address;
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % LINE_BYTES);
    let text = '';
    for (let offset = 0; offset < whole; offset += LINE_BYTES)
      text += dumpLine(at + offset, bytes.subarray(offset, offset + LINE_BYTES));
    if (text !== '') yield text;
    at += whole;
    rest = bytes.subarray(whole);
  }
  if (rest.length > 0) yield dumpLine(at, rest);
}

function dumpLine(address: number, bytes: Buffer): string {
  const hex = (bytes.toString('hex').match(/../g) ?? []).join(' ').padEnd(LINE_BYTES * 3 - 1);
  const text = bytes.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
  return `${address.toString(16).padStart(12, '0')}  ${hex}  |${text}|\n`;
}
