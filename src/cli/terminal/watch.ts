/** Lines that are looked at again and again, on a screen of their own, until q or Ctrl-C. */
import type { ReadStream, WriteStream } from 'node:tty';
import { EXIT_STATUSES } from './end-signals.js';
import { LiveScreen } from './live-screen.js';
import { styledLine } from './styled.js';

export interface Watched<Seen> {
  /** What is seen, look by look, until `over`. */
  looks(over: AbortSignal): AsyncIterable<Seen>;
  linesOf(seen: Seen, columns: number): readonly string[];
  /** Gives up a look that is under way. */
  giveUp(): void;
}

/** The exit status. Rejects, the terminal as it was, if a look fails. */
export async function watch<Seen>(
  { looks, linesOf, giveUp }: Watched<Seen>,
  output: WriteStream,
  input: ReadStream,
): Promise<number> {
  const over = new AbortController();
  let exitStatus = 0;
  let screen: LiveScreen | undefined;
  let seen: Seen | undefined;
  const draw = (): void => {
    if (screen === undefined || seen === undefined) return;
    const { columns } = screen;
    screen.draw(linesOf(seen, columns).map((text) => styledLine([{ text }], columns)));
  };
  const end = (status: number): void => {
    exitStatus = status;
    over.abort();
    giveUp();
  };
  try {
    for await (seen of looks(over.signal)) {
      screen ??= new LiveScreen(output, input, {
        key: (name) => name === 'q' && end(0),
        resized: draw,
        ends: (signal) => end(EXIT_STATUSES[signal]),
      });
      draw();
    }
  } catch (error) {
    // What was under way is interrupted.
    if (!over.signal.aborted) throw error;
  } finally {
    screen?.close();
  }
  return exitStatus;
}
