/** Text streams of the API taken apart: lines, and server-sent events. */
import type { KsmdEvent } from '../protocol/routes/streams.js';

/** Lines without their newlines. */
export async function* lines(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of bytes) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
}

/** Comments are left out. */
export async function* serverSentEvents(
  text: AsyncIterable<string>,
): AsyncGenerator<KsmdEvent, void, undefined> {
  let event = '';
  for await (const line of text) {
    if (line.startsWith('event: ')) event = line.slice('event: '.length);
    else if (line.startsWith('data: '))
      yield { event, data: JSON.parse(line.slice('data: '.length)) } as KsmdEvent;
  }
}
