/**
 * Requests that come on one connection without waiting for answers: each waits for its turn.
 *
 * So they take effect in the order in which they came, and of what answers hold in memory there is
 * one a connection. A peer that asks on and on is dropped.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { nobodyWaits } from '../awaited-work.js';

export const MAX_WAITING_REQUESTS = 64;

export class Turns {
  /** By connection with a request under way: those that wait for its end. */
  private readonly waiting = new WeakMap<Socket, (() => void)[]>();

  /** `tooMany` is called with the first request that is one too many, to drop its connection. */
  constructor(private readonly tooMany: (request: IncomingMessage) => void) {}

  /** Resolves when all answers before this one are out. EINTR if the connection ends before. */
  async come(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { socket } = request;
    const line = this.waiting.get(socket);
    if (line === undefined) this.waiting.set(socket, []);
    else {
      if (line.length >= MAX_WAITING_REQUESTS && !socket.destroyed) this.tooMany(request);
      if (!socket.destroyed) await new Promise<void>((resolve) => line.push(resolve));
      if (socket.destroyed) {
        this.next(socket);
        throw nobodyWaits();
      }
    }
    answer.once('close', () => this.next(socket));
  }

  private next(socket: Socket): void {
    const next = this.waiting.get(socket)?.shift();
    if (next === undefined) this.waiting.delete(socket);
    else next();
  }
}
