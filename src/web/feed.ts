/**
 * The daemon's live stream, for as long as somebody looks at the page.
 *
 * A page in the background holds no stream, so that it costs the daemon nothing. A stream that
 * breaks, or says nothing for too long, is opened again.
 */
import type { LiveEvent, LiveEventName } from '../protocol/routes/live.js';

const NAMES: readonly LiveEventName[] = [
  'history',
  'sample',
  'files',
  'pages',
  'guests',
  'map',
  'warning',
];
const AGAIN_AFTER_MS = 1000;
/** There is a sample a second. */
const SILENCE_MS = 8000;

export interface FeedListener {
  /** There is a new stream: what the one before it said does not count any more. */
  onOpen(): void;
  onEvent(event: LiveEvent): void;
  /** The daemon does not answer. */
  onLost(): void;
}

export class Feed {
  private source: EventSource | undefined;
  private timer: number | undefined;

  constructor(
    private readonly url: string,
    private readonly listener: FeedListener,
  ) {}

  /** Opens the stream whenever the page is seen. */
  start(): void {
    document.addEventListener('visibilitychange', () =>
      document.hidden ? this.close() : this.open(),
    );
    if (!document.hidden) this.open();
  }

  /** Gives the stream up and opens another. */
  restart(): void {
    this.close();
    this.listener.onLost();
    this.timer = window.setTimeout(() => this.open(), AGAIN_AFTER_MS);
  }

  private open(): void {
    this.close();
    if (document.hidden) return;
    const source = new EventSource(this.url);
    this.source = source;
    source.onopen = () => this.listener.onOpen();
    source.onerror = () => this.restart();
    for (const event of NAMES) {
      source.addEventListener(event, ({ data }: MessageEvent<string>) => {
        this.expectMore();
        this.listener.onEvent({ event, data: JSON.parse(data) } as LiveEvent);
      });
    }
    this.expectMore();
  }

  private expectMore(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.restart(), SILENCE_MS);
  }

  private close(): void {
    window.clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
  }
}
