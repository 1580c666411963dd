/**
 * `ksmd top` on a terminal: a screen that follows the daemon, the keys and the terminal's size,
 * until a key or a signal ends it.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import type { Client } from '../../client/client.js';
import { EXIT_STATUSES, LiveScreen } from '../terminal/live-screen.js';
import type { GuestSample } from './guest-usage.js';
import { samples } from './samples.js';
import { guestRoom, isOrder, type Order, topLines } from './top-screen.js';

export class TopLive {
  private readonly over = new AbortController();
  private exitStatus = 0;
  private order: Order = 's';
  /** Guests scrolled past. */
  private first = 0;
  private now: GuestSample | undefined;
  private before: GuestSample | undefined;

  constructor(
    private readonly client: Client,
    private readonly look: () => Promise<GuestSample>,
    private readonly intervalMs: number,
  ) {}

  /** The exit status. Rejects, the terminal as it was, if the daemon cannot be looked at. */
  async show(output: WriteStream, input: ReadStream): Promise<number> {
    let screen: LiveScreen | undefined;
    const draw = (): void => this.draw(screen);
    try {
      for await (const sample of samples(this.look, this.intervalMs, this.over.signal)) {
        this.before = this.now;
        this.now = sample;
        screen ??= new LiveScreen(output, input, {
          key: (name) => this.key(name, guestRoom(screen?.rows ?? 0)) && draw(),
          resized: draw,
          ends: (signal) => this.end(EXIT_STATUSES[signal]),
        });
        draw();
      }
    } catch (error) {
      // What was under way is interrupted.
      if (!this.over.signal.aborted) throw error;
    } finally {
      screen?.close();
    }
    return this.exitStatus;
  }

  private end(exitStatus: number): void {
    this.exitStatus = exitStatus;
    this.over.abort();
    // A daemon that does not answer is not waited for.
    this.client.close();
  }

  /** Whether there is something to draw. */
  private key(name: string, room: number): boolean {
    const last = Math.max(0, (this.now?.guests.length ?? 0) - room);
    const scrolled: Readonly<Record<string, number>> = {
      up: this.first - 1,
      down: this.first + 1,
      pageup: this.first - room,
      pagedown: this.first + room,
      home: 0,
      end: last,
    };
    if (name === 'q') this.end(0);
    else if (isOrder(name)) this.order = name;
    else this.first = Math.min(last, Math.max(0, scrolled[name] ?? this.first));
    return name !== 'q';
  }

  private draw(screen: LiveScreen | undefined): void {
    if (screen === undefined || this.now === undefined) return;
    const { columns, rows } = screen;
    // Guests may be fewer than they were, and the screen longer.
    this.first = Math.min(this.first, Math.max(0, this.now.guests.length - guestRoom(rows)));
    screen.draw(
      topLines(this.now, this.before, {
        columns,
        order: this.order,
        screen: { rows, first: this.first },
      }),
    );
  }
}
