/**
 * The daemon's map of pages, kept in step here: the whole of it once, then what changes.
 *
 * What the stream says while the whole is on its way is kept until the whole is here; of that, what
 * is older than the whole is left out.
 */
import type { LiveEvent, MapGuest, PageMapAnswer } from '../../protocol/routes/live.js';
import { applyRunLengths } from '../../protocol/run-lengths.js';

type Change = Extract<LiveEvent, { event: 'pages' | 'guests' | 'map' }>;

export interface MirrorListener {
  /** All may be different: guests, regions and states. */
  onMap(): void;
  /** Pages `from` to before `to` may be in another state. */
  onPages(from: number, to: number): void;
  /** All changes of one event have been told. */
  onChanged(): void;
  /** The numbers of these guests, by place, are different. */
  onGuests(places: readonly number[]): void;
  /** The whole could not be had. */
  onFailure(error: unknown): void;
}

export class Mirror {
  /** Bytes of a guest's page; 0 before the first map. */
  pageSize = 0;
  /** What the numbers in `states` stand for. */
  names: readonly string[] = [];
  guests: readonly MapGuest[] = [];
  /** The state of each slot. */
  states = new Uint8Array(0);
  /** The slot the scanner goes on at; -1 if that is nowhere. */
  cursor = -1;
  private tick = -1;
  /** What was told while the whole is on its way; undefined if none is. */
  private waiting: Change[] | undefined;

  constructor(
    private readonly fetchMap: () => Promise<PageMapAnswer>,
    private readonly listener: MirrorListener,
  ) {}

  /** There has been a map, even if there was nothing on it. */
  get known(): boolean {
    return this.tick >= 0;
  }

  /**
   * Gets the whole map, as there is a new stream. What an earlier stream said does not count any
   * more.
   */
  async begin(): Promise<void> {
    const waiting: Change[] = [];
    this.waiting = waiting;
    let answer: PageMapAnswer;
    try {
      answer = await this.fetchMap();
    } catch (error) {
      if (this.waiting === waiting) this.listener.onFailure(error);
      return;
    }
    if (this.waiting !== waiting) return;
    this.waiting = undefined;
    this.take(answer);
    for (const change of waiting) this.apply(change);
  }

  /** What the stream says. */
  apply(change: Change): void {
    if (this.waiting !== undefined) {
      this.waiting.push(change);
      return;
    }
    if (change.data.tick <= this.tick) return;
    switch (change.event) {
      case 'map':
        void this.begin();
        return;
      case 'pages':
        this.cursor = change.data.cursor;
        applyRunLengths(change.data.runs, this.states, (from, to) =>
          this.listener.onPages(from, to),
        );
        this.listener.onChanged();
        return;
      case 'guests':
        for (const [place, numbers] of change.data.rows)
          this.guests[place]?.numbers.splice(0, numbers.length, ...numbers);
        this.listener.onGuests(change.data.rows.map(([place]) => place));
        return;
    }
  }

  private take({ tick, pageSize, states: names, guests, slots, runs }: PageMapAnswer): void {
    this.tick = tick;
    this.pageSize = pageSize;
    this.names = names;
    this.guests = guests;
    this.states = new Uint8Array(slots);
    applyRunLengths(runs, this.states, () => {});
    this.listener.onMap();
  }
}
