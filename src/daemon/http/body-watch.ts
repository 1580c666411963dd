/**
 * Bodies that do not move.
 *
 * A client that announces a body and does not send it would hold its connection for ever. A body is
 * late only while the daemon waits for it, and not while the daemon itself does not read, because
 * frames are short or the scanner is being restarted.
 */
import type { IncomingMessage } from 'node:http';
import type { Timers } from '../timers.js';

/** How often bodies are looked at, in parts of the time they may take. */
const LOOKS = 8;

interface Watched {
  bytesRead: number;
  movedAtMs: number;
}

export class BodyWatch {
  private readonly open = new Map<IncomingMessage, Watched>();
  private stopLooking: (() => void) | undefined;

  /** `stalled` is called with a request whose body has not moved for `timeoutMs`. */
  constructor(
    private readonly timeoutMs: number,
    private readonly stalled: (request: IncomingMessage) => void,
    private readonly timers: Timers,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Watches the body of a request until it is whole or its connection gone. */
  watch(request: IncomingMessage): void {
    this.open.set(request, { bytesRead: request.socket.bytesRead, movedAtMs: this.nowMs() });
    this.stopLooking ??= this.timers.every(Math.ceil(this.timeoutMs / LOOKS), () => this.look());
  }

  private look(): void {
    const now = this.nowMs();
    for (const [request, watched] of this.open) {
      const { socket } = request;
      if (request.complete || socket.destroyed) this.open.delete(request);
      else if (socket.bytesRead !== watched.bytesRead || request.readableFlowing !== true) {
        watched.bytesRead = socket.bytesRead;
        watched.movedAtMs = now;
      } else if (now - watched.movedAtMs >= this.timeoutMs) {
        this.open.delete(request);
        this.stalled(request);
      }
    }
    if (this.open.size > 0) return;
    this.stopLooking?.();
    this.stopLooking = undefined;
  }
}
