/**
 * Which SIGHUP it is: the kernel's, because the terminal is gone, or logrotate's, because the log
 * file has been moved away.
 *
 * The signal does not tell which. But a terminal that is gone no longer answers as a terminal.
 */
import { isatty } from 'node:tty';

const STANDARD_STREAMS = [0, 1, 2];

/** Answers, whenever it is called, whether a terminal that the process has now is gone by then. */
export function terminalWatch(): () => boolean {
  const terminals = STANDARD_STREAMS.filter((fd) => isatty(fd));
  return () => !terminals.every((fd) => isatty(fd));
}

/**
 * Ends the process as SIGHUP does where nobody handles it. To exit would be to crash: Node gives
 * the terminal its settings back, and there is none.
 */
export function dieOfHangUp(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}
