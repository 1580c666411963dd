/**
 * What a peer is to move on, and does not: a body that it sends, an answer that it reads.
 *
 * However long one takes in all, while it moves it is let be. Nothing counts against the peer while
 * it is the daemon that does not go on: because frames are short, the scanner is being restarted,
 * or there is nothing to tell.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Timers } from '../timers.js';

/** How often each is looked at within the time it may stand still. */
const LOOKS = 8;

/** Bytes moved so far, where the next ones are the peer's to move; or why nobody waits for it. */
export type Progress = number | 'not its turn' | 'over';

interface Watched {
  bytes: Progress;
  /** Looks in a row that saw no byte move. */
  still: number;
}

export class StallWatch<Moving> {
  private readonly open = new Map<Moving, Watched>();
  private stopLooking: (() => void) | undefined;

  /** `stalled` is called with what has not moved for `timeoutMs`, and it is let go of. */
  constructor(
    private readonly timeoutMs: number,
    private readonly progress: (moving: Moving) => Progress,
    private readonly stalled: (moving: Moving) => void,
    private readonly timers: Timers,
  ) {}

  /** Watches it until it is over. */
  watch(moving: Moving): void {
    this.open.set(moving, { bytes: this.progress(moving), still: 0 });
    this.stopLooking ??= this.timers.every(Math.ceil(this.timeoutMs / LOOKS), () => this.look());
  }

  private look(): void {
    for (const [moving, watched] of this.open) {
      const bytes = this.progress(moving);
      if (bytes === 'not its turn' || bytes !== watched.bytes) watched.still = 0;
      else watched.still++;
      watched.bytes = bytes;
      if (bytes === 'over') this.open.delete(moving);
      else if (watched.still >= LOOKS) {
        this.open.delete(moving);
        this.stalled(moving);
      }
    }
    if (this.open.size > 0) return;
    this.stopLooking?.();
    this.stopLooking = undefined;
  }
}

export function bodyProgress(request: IncomingMessage): Progress {
  const { socket } = request;
  if (request.complete || socket.destroyed) return 'over';
  return request.readableFlowing === true ? socket.bytesRead : 'not its turn';
}

/**
 * Bytes of an answer count once the kernel has them, a write at a time. So large answers are
 * written in pieces.
 */
export function answerProgress({ req: { socket }, closed }: ServerResponse): Progress {
  if (closed || socket.destroyed) return 'over';
  const { writableLength } = socket;
  return writableLength > 0 ? socket.bytesWritten - writableLength : 'not its turn';
}
