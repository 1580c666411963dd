/**
 * The calls to the operating system that a mount takes and Node does not have, by way of koffi,
 * which need not be installed. Errors are the operating system's, with their errno names.
 */
import { closeSync, readSync, writeSync } from 'node:fs';
import { KsmdError } from '../../../errors.js';
import { LibC } from '../../../libc.js';

const MNT_DETACH = 2;
const MS_NOSUID_NODEV_NOEXEC = 2 | 4 | 8;
const EFD_CLOEXEC_NONBLOCK = 0o2004000;
const POLLIN = 1;
const FOREVER = -1;
/** struct pollfd: fd, events, revents. */
const POLLFD_BYTES = 8;
const EVENTS = 4;
const REVENTS = 6;
const ONE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

function declared(libc: LibC) {
  return {
    mount: libc.declare(
      'int mount(str source, str target, str type, unsigned long flags, str options)',
    ),
    umount2: libc.declare('int umount2(str target, int flags)'),
    eventfd: libc.declare('int eventfd(unsigned int value, int flags)'),
    poll: libc.declare('int poll(_Inout_ uint8_t *fds, unsigned long count, int timeout)'),
  };
}

type Poll = ReturnType<typeof declared>['poll'];

export class SystemCalls {
  private readonly calls: ReturnType<typeof declared>;

  private constructor(private readonly libc: LibC) {
    this.calls = declared(libc);
  }

  /** KsmdError ENOENT if koffi is not there, or not for this machine. */
  static async load(): Promise<SystemCalls> {
    return new SystemCalls(await LibC.load());
  }

  mount(source: string, target: string, type: string, options: string): void {
    const { mount } = this.calls;
    this.check(mount(source, target, type, MS_NOSUID_NODEV_NOEXEC, options), 'mount');
  }

  /** Nobody comes there any more; who is there stays until he leaves. */
  detach(target: string): void {
    this.check(this.calls.umount2(target, MNT_DETACH), 'umount');
  }

  /** A bell that nobody has rung yet. */
  bell(): Bell {
    return new Bell(this.check(this.calls.eventfd(0, EFD_CLOEXEC_NONBLOCK), 'eventfd'));
  }

  /** What can be waited for: files of which some become readable, or are at an end. */
  watch(fds: readonly number[]): Watch {
    return new Watch(fds, this.calls.poll);
  }

  private check(result: number, call: string): number {
    if (result >= 0) return result;
    const code = this.libc.errno();
    throw new KsmdError(code, `${call}(2) fails with ${code}`);
  }
}

/** Files that are watched together. */
export class Watch {
  private readonly pollfds: Buffer;

  constructor(
    private readonly fds: readonly number[],
    private readonly poll: Poll,
  ) {
    this.pollfds = Buffer.alloc(fds.length * POLLFD_BYTES);
    for (const [i, fd] of fds.entries()) {
      this.pollfds.writeInt32LE(fd, i * POLLFD_BYTES);
      this.pollfds.writeInt16LE(POLLIN, i * POLLFD_BYTES + EVENTS);
    }
  }

  /** Those that can be read, or are at an end, at this moment. */
  readable(): readonly number[] {
    this.poll(this.pollfds, this.fds.length, 0);
    return this.found();
  }

  /**
   * Resolves with them once there is one. Takes a thread of koffi's, which the process waits for as
   * it exits.
   */
  async once(): Promise<readonly number[]> {
    await new Promise<void>((resolve, reject) => {
      this.poll.async(this.pollfds, this.fds.length, FOREVER, (error: unknown) =>
        error ? reject(error) : resolve(),
      );
    });
    return this.found();
  }

  private found(): readonly number[] {
    return this.fds.filter((_fd, i) => this.pollfds.readInt16LE(i * POLLFD_BYTES + REVENTS) !== 0);
  }
}

/** A file that can be read once it has been rung. */
export class Bell {
  constructor(readonly fd: number) {}

  ring(): void {
    writeSync(this.fd, ONE);
  }

  /** Until it is rung again. */
  hush(): void {
    readSync(this.fd, Buffer.alloc(ONE.length));
  }

  close(): void {
    closeSync(this.fd);
  }
}
