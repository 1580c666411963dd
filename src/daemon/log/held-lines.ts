/**
 * Lines to a file descriptor that may not take them.
 *
 * A line is written before the call returns, so that it is out whatever becomes of the process.
 * Where it is not taken, nobody waits: a terminal may be stopped with Ctrl-S, a pipe full, a disk
 * as well. Lines are then held back up to a bound and tried again. Beyond the bound they are
 * dropped and counted, until all that are held are out. Nothing here fails: once nobody can ever
 * read them, lines are thrown away.
 *
 * The descriptor is a file's, or does not block.
 */
import { writevSync } from 'node:fs';
import type { Timers } from '../timers.js';

const MAX_HELD_BYTES = 1024 * 1024;
const RETRY_MS = 100;
/** The kernel takes no more pieces in one write. */
const MAX_LINES_A_WRITE = 1024;
/** The reader of the pipe is gone, or the terminal. */
const GONE = ['EPIPE', 'EIO'];

export class HeldLines {
  private readonly held: Buffer[] = [];
  private heldBytes = 0;
  /** Bytes of the first of them that are out. */
  private begunBytes = 0;
  private dropped = 0;
  private isGone = false;
  private stopTrying: (() => void) | undefined;

  /** `missed` is told how many lines were dropped, once lines get out again. */
  constructor(
    private fd: number,
    private readonly missed: (dropped: number) => void,
    private readonly timers: Timers,
  ) {}

  get isEmpty(): boolean {
    return this.held.length === 0;
  }

  /** Takes a line, newline included. */
  write(line: string): void {
    if (this.isGone) return;
    const bytes = Buffer.from(line);
    if (this.dropped > 0 || this.heldBytes + bytes.length > MAX_HELD_BYTES) {
      this.dropped++;
      return;
    }
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.stopTrying === undefined) this.attempt();
  }

  /** Writes as many of the lines held as are taken. */
  attempt(): void {
    try {
      for (let [first] = this.held; first !== undefined; [first] = this.held) {
        const others = this.held.slice(1, MAX_LINES_A_WRITE);
        this.took(writevSync(this.fd, [first.subarray(this.begunBytes), ...others]));
      }
    } catch (error) {
      if (GONE.includes((error as NodeJS.ErrnoException).code ?? '')) this.giveUp();
      else this.stopTrying ??= this.timers.every(RETRY_MS, () => this.attempt());
      return;
    }
    this.stopTrying?.();
    this.stopTrying = undefined;
    const { dropped } = this;
    this.dropped = 0;
    if (dropped > 0) this.missed(dropped);
  }

  /** Goes on at another descriptor; the old one, to be closed. Each line is in one whole. */
  moveTo(fd: number): number {
    const old = this.fd;
    this.fd = fd;
    this.begunBytes = 0;
    this.isGone = false;
    this.attempt();
    return old;
  }

  private took(bytes: number): void {
    let rest = this.begunBytes + bytes;
    for (
      let [first] = this.held;
      first !== undefined && rest >= first.length;
      [first] = this.held
    ) {
      rest -= first.length;
      this.heldBytes -= first.length;
      this.held.shift();
    }
    this.begunBytes = rest;
  }

  private giveUp(): void {
    this.isGone = true;
    this.held.length = 0;
    this.heldBytes = 0;
    this.begunBytes = 0;
    this.dropped = 0;
    this.stopTrying?.();
    this.stopTrying = undefined;
  }
}
