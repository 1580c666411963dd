/**
 * What the dashboard is told while somebody looks at it: samples, counters, tunables, guests and
 * the state of every page, as they change.
 *
 * All is found out once for all viewers, on the API thread, and nothing at all while there is none.
 * However many pages there are, looking at them takes a small part of that thread's time: a change
 * among very many is told a little later.
 */
import type { Host } from '../../ksm/host.js';
import type { LongWork } from '../../machine/long-work.js';
import type { LiveEvent } from '../../protocol/routes/live.js';
import { inSlices, slice } from '../slices.js';
import type { Timers } from '../timers.js';
import { changes, type Values } from './changes.js';
import type { EventFeed } from './event-feed.js';
import type { History } from './history.js';
import { ALL_PAGES, PageMap } from './page-map.js';

/** What the eye takes for moving along. */
const LOOK_EVERY_MS = 200;
/** Of the thread's time between two looks. */
const LOOK_SHARE = 0.02;
/** Looks at pages between two at the guests' numbers. */
const LOOKS_A_ROW = 5;
/**
 * Changes that take up more are not worth listing: whoever wants them asks for the whole map, and
 * one that is slow does not pile them up.
 */
const MAX_RUN_LENGTH_BYTES = 256 * 1024;

type Listener = (text: string) => void;

/** While somebody looks. */
interface Watch {
  readonly map: PageMap;
  readonly stop: () => void;
  counters: Values;
  tunables: Values;
  scanner: string;
}

export class LiveFeed {
  private readonly listeners = new Set<Listener>();
  private watch: Watch | undefined;
  /** Work on a map that was not done at once. */
  private underWay: Promise<unknown> | undefined;

  constructor(
    private readonly host: Host,
    private readonly scannerState: () => string,
    private readonly history: History,
    private readonly events: EventFeed,
    private readonly timers: Timers,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /**
   * Calls `listener` with every event from now on, as server-sent events are written, until the
   * returned function is called.
   */
  subscribe(listener: Listener): () => void {
    this.watch ??= this.begin();
    const { counters, tunables, scanner } = this.watch;
    listener(written({ event: 'history', data: [...this.history.samples] }));
    listener(written({ event: 'files', data: { scanner, counters, tunables } }));
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      this.watch?.stop();
      this.watch = undefined;
    };
  }

  /** The whole map as JSON: at the last look that viewers were told of, or now if there is none. */
  map(): Promise<string> {
    const { host } = this;
    return this.work(() => this.watch?.map.answer() ?? newMap(host));
  }

  private begin(): Watch {
    const stops = [
      this.timers.every(LOOK_EVERY_MS, () => this.look()),
      this.history.subscribe((sample) => this.tell({ event: 'sample', data: sample })),
      this.events.subscribe((happened) => {
        if (happened.event === 'warning') this.tell(happened);
      }),
    ];
    const map = new PageMap(this.host);
    void this.work(() => map.look(true, ALL_PAGES));
    return {
      map,
      stop: () => {
        for (const stop of stops) stop();
      },
      counters: this.host.files.counters(),
      tunables: this.host.files.tunables(),
      scanner: this.scannerState(),
    };
  }

  private look(): void {
    const { watch } = this;
    if (watch === undefined) return;
    this.lookAtFiles(watch);
    // What takes longer than from look to look is not begun a second time.
    if (this.underWay === undefined) void this.work(() => this.lookAtPages(watch.map));
  }

  private lookAtFiles(watch: Watch): void {
    const before = { ...watch };
    watch.counters = this.host.files.counters();
    watch.tunables = this.host.files.tunables();
    watch.scanner = this.scannerState();
    const counters = changes(before.counters, watch.counters);
    const tunables = changes(before.tunables, watch.tunables);
    const sameScanner = before.scanner === watch.scanner;
    if (sameScanner && Object.keys({ ...counters, ...tunables }).length === 0) return;
    this.tell({
      event: 'files',
      data: { ...(sameScanner ? {} : { scanner: watch.scanner }), counters, tunables },
    });
  }

  private *lookAtPages(map: PageMap): LongWork {
    const untilMs = this.nowMs() + LOOK_EVERY_MS * LOOK_SHARE;
    const cursorBefore = map.cursor;
    const { rearranged, runs, rows } = yield* map.look(
      (map.tick + 1) % LOOKS_A_ROW === 0,
      () => this.nowMs() < untilMs,
    );
    const { tick, cursor } = map;
    if (rows.length > 0) this.tell({ event: 'guests', data: { tick, rows: [...rows] } });
    if (rearranged || runs.length > MAX_RUN_LENGTH_BYTES)
      this.tell({ event: 'map', data: { tick } });
    else if (runs.length > 0 || cursor !== cursorBefore) {
      this.tell({
        event: 'pages',
        data: { tick, runs: Buffer.from(runs).toString('base64'), cursor },
      });
    }
  }

  /** Works on a map, after what is under way; in slices, if it takes long. */
  private async work<T>(work: () => LongWork<T>): Promise<T> {
    while (this.underWay !== undefined) await this.underWay;
    const begun = work();
    const first = slice(begun);
    if (first.done === true) return first.value;
    const rest = inSlices(begun);
    this.underWay = rest.finally(() => {
      this.underWay = undefined;
    });
    return rest;
  }

  private tell(event: LiveEvent): void {
    const text = written(event);
    for (const listener of this.listeners) listener(text);
  }
}

/** A map for one who asks once. */
function* newMap(host: Host): LongWork<string> {
  const map = new PageMap(host);
  yield* map.look(true, ALL_PAGES);
  return yield* map.answer();
}

function written({ event, data }: LiveEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
