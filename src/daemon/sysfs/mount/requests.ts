/**
 * The requests of mounts: read from /dev/fuse as they come, and each answered as soon as it is
 * done, in whatever order.
 *
 * A thread of koffi's waits for them, for Node cannot wait for such a device: a read that blocks
 * would keep a thread that nothing can wake, and the process from its end. Read and answered they
 * are on this thread, which neither ever blocks.
 */
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import type { FileServer } from './file-server.js';
import { REQUEST_BYTES, type Request, readRequest, refusal } from './protocol.js';
import type { Bell, SystemCalls } from './system-calls.js';

const DEVICE = '/dev/fuse';
/** A request was taken back before it was read, or before it was answered; or there is none. */
const NOTHING = ['EAGAIN', 'EINTR', 'ENOENT'];
/** The mount is gone. */
const GONE = ['ENODEV', 'ECONNABORTED', 'ENOTCONN'];

/** Requests that are taken up before anybody else on this thread has his turn. */
const MOST_IN_A_ROW = 8;

interface Channel {
  readonly fd: number;
  readonly server: FileServer;
  readonly ended: () => void;
}

export class Requests {
  private readonly channels = new Map<number, Channel>();
  private readonly buffer = Buffer.alloc(REQUEST_BYTES);
  private readonly underWay = new Set<Promise<void>>();
  private readonly bell: Bell;
  private isStopped = false;

  /** `fault` is called with what should not have happened; whoever asked is answered EIO. */
  constructor(
    private readonly calls: SystemCalls,
    private readonly fault: (error: unknown) => void,
  ) {
    this.bell = calls.bell();
    this.run()
      .catch((error: unknown) => {
        this.fault(error);
        this.stop();
      })
      .finally(() => this.bell.close());
  }

  /**
   * A channel whose requests this server answers: its file, for a mount to be made with. `ended` is
   * called if the mount goes though nobody has stopped this. Throws what opening the device does.
   */
  open(server: FileServer, ended: () => void): number {
    const fd = openSync(DEVICE, constants.O_RDWR | constants.O_NONBLOCK);
    this.channels.set(fd, { fd, server, ended });
    this.bell.ring();
    return fd;
  }

  /** Resolves once all that was asked before is answered. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay);
  }

  /** No more answers: who waits for one gets an error. The second time there is nothing to do. */
  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    this.bell.ring();
    for (const fd of this.channels.keys()) closeSync(fd);
    this.channels.clear();
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      const watch = this.calls.watch([this.bell.fd, ...this.channels.keys()]);
      let readable = await watch.once();
      // What has come meanwhile is had for less than a turn of the thread that waits.
      for (let turns = 0; readable.length > 0 && turns < MOST_IN_A_ROW; turns++) {
        for (const fd of readable) this.serve(fd);
        if (this.isStopped) break;
        readable = watch.readable();
      }
    }
  }

  private serve(fd: number): void {
    const channel = this.channels.get(fd);
    if (channel !== undefined) this.take(channel);
    else if (fd === this.bell.fd && !this.isStopped) this.bell.hush();
  }

  private take(channel: Channel): void {
    let bytes: number;
    try {
      bytes = readSync(channel.fd, this.buffer);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (GONE.includes(code)) this.end(channel);
      else if (!NOTHING.includes(code)) throw error;
      return;
    }
    if (bytes === 0) {
      this.end(channel);
      return;
    }
    const request = readRequest(this.buffer.subarray(0, bytes));
    const answered = this.answer(channel, request)
      .catch(this.fault)
      .finally(() => this.underWay.delete(answered));
    this.underWay.add(answered);
  }

  private async answer(channel: Channel, request: Request): Promise<void> {
    let answer: Buffer | undefined;
    try {
      answer = await channel.server.answer(request);
    } catch (error) {
      this.fault(error);
      answer = refusal(request.unique, 'EIO');
    }
    if (answer !== undefined) this.send(channel, answer);
  }

  private send({ fd }: Channel, answer: Buffer): void {
    if (!this.channels.has(fd)) return;
    try {
      writeSync(fd, answer);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!GONE.includes(code) && !NOTHING.includes(code)) throw error;
    }
  }

  private end({ fd, ended }: Channel): void {
    this.channels.delete(fd);
    closeSync(fd);
    ended();
  }
}
