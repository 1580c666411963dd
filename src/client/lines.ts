/** Text as it comes from the API: whole, as lines, or as server-sent events. */

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

/** All of it, once it has ended. */
export async function wholeText(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of bytes) text += decoder.decode(chunk, { stream: true });
  return text;
}

export interface ServerSentEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Comments are left out. */
export async function* serverSentEvents(
  text: AsyncIterable<string>,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let event = '';
  for await (const line of text) {
    if (line.startsWith('event: ')) event = line.slice('event: '.length);
    else if (line.startsWith('data: '))
      yield { event, data: JSON.parse(line.slice('data: '.length)) };
  }
}
