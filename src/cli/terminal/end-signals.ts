/** Signals that end what goes on and on, and the exit status of each. */

export const END_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;
export type EndSignal = (typeof END_SIGNALS)[number];

/** As a shell has it of a process that a signal ended. */
export const EXIT_STATUSES: Readonly<Record<EndSignal, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
};
