/**
 * `ksmd top` on a terminal: a screen that follows the daemon, the keys and the terminal's size,
 * until a key or a signal ends it.
 */
import type { ReadStream, WriteStream } from 'node:tty';
import type { Client } from '../../client/client.js';
import { EXIT_STATUSES } from '../terminal/end-signals.js';
import { LiveScreen } from '../terminal/live-screen.js';
import { FullScans } from './full-scans.js';
import { type GuestSample, guestUsage } from './guest-usage.js';
import { samples } from './samples.js';
import { DEFAULT_ORDER, ORDER_KEYS, type Order, orderBeside } from './top-columns.js';
import { helpLines } from './top-help.js';
import { guestRoom, topLines } from './top-screen.js';

export class TopLive {
  private readonly over = new AbortController();
  private exitStatus = 0;
  private order: Order = DEFAULT_ORDER;
  private showsHelp = false;
  /** Guests scrolled past. */
  private first = 0;
  private now: GuestSample | undefined;
  private before: GuestSample | undefined;
  private readonly scans = new FullScans();

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
        this.scans.see(sample);
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
    if (name === 'q') this.end(0);
    else if (this.showsHelp || name === '?') this.showsHelp = !this.showsHelp;
    else if (name === '<') this.orderBy(-1);
    else if (name === '>') this.orderBy(1);
    else this.order = ORDER_KEYS[name] ?? this.order;
    this.scroll(name, room);
    return name !== 'q';
  }

  private orderBy(step: 1 | -1): void {
    if (this.now === undefined) return;
    this.order = orderBeside(this.order, step, guestUsage(this.now, this.before));
  }

  private scroll(name: string, room: number): void {
    const last = Math.max(0, (this.now?.guests.length ?? 0) - room);
    const scrolled: Readonly<Record<string, number>> = {
      up: this.first - 1,
      down: this.first + 1,
      pageup: this.first - room,
      pagedown: this.first + room,
      home: 0,
      end: last,
    };
    this.first = Math.min(last, Math.max(0, scrolled[name] ?? this.first));
  }

  private draw(screen: LiveScreen | undefined): void {
    if (screen === undefined || this.now === undefined) return;
    const { columns, rows } = screen;
    if (this.showsHelp) {
      screen.draw(helpLines(columns));
      return;
    }
    // Guests may be fewer than they were, and the screen longer.
    this.first = Math.min(this.first, Math.max(0, this.now.guests.length - guestRoom(rows)));
    const { last: lastScan, doneShare } = this.scans;
    screen.draw(
      topLines(
        { now: this.now, before: this.before, lastScan, doneShare },
        { columns, order: this.order, screen: { rows, first: this.first } },
      ),
    );
  }
}
