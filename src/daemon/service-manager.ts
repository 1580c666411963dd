/**
 * What systemd is told, if it is what started the daemon: systemd's notify protocol, by way of
 * `systemd-notify`, because Node has no datagram sockets of the Unix kind and a native addon is a
 * high price for two messages.
 *
 * Messages arrive in the order they are sent. One that cannot be sent is a line in the log, and no
 * failure of the daemon.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Logger } from 'pino';

/** As long as systemd-notify waits, by itself, for its message to be taken. */
const PATIENCE_MS = 5000;

const run = promisify(execFile);

export class ServiceManager {
  private last = Promise.resolve();

  constructor(private readonly logger: Logger) {}

  /**
   * Resolves once these are told, `READY=1` and the like; at once if there is no service manager.
   * Never rejects.
   */
  tell(...assignments: readonly string[]): Promise<void> {
    if (!process.env.NOTIFY_SOCKET) return Promise.resolve();
    this.last = this.last.then(() => this.send(assignments));
    return this.last;
  }

  private async send(assignments: readonly string[]): Promise<void> {
    try {
      await run('systemd-notify', assignments, { timeout: PATIENCE_MS });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn(
        { reason },
        `the service manager could not be told ${assignments[0]}: is systemd-notify ` +
          'installed, and NotifyAccess=all set?',
      );
    }
  }
}
