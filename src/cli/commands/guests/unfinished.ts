/**
 * Guests that are being made. A signal that would end the command takes them back first, so that
 * Ctrl-C leaves nothing behind; a second one ends it at once.
 */
import { constants } from 'node:os';
import type { Client } from '../../../client/client.js';
import { count } from '../../../wording/amounts.js';
import { complain } from '../../terminal/output.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A command that a signal has ended has this exit status and the signal's number. */
const ENDED_BY_SIGNAL = 128;

const unfinished = new Map<string, Client>();
let isTakenBack = false;

/** From now on a signal takes the guest back. */
export function beginGuest(client: Client, guest: string): void {
  if (unfinished.size === 0) for (const signal of SIGNALS) process.on(signal, giveUp);
  unfinished.set(guest, client);
}

/** The guest is whole, or gone. */
export function endGuest(guest: string): void {
  unfinished.delete(guest);
  if (unfinished.size === 0) for (const signal of SIGNALS) process.off(signal, giveUp);
}

/** What makes guests. It fails once a signal takes them back: that is no news, the process ends. */
export async function unlessTakenBack<Result>(making: Promise<Result>): Promise<Result> {
  try {
    return await making;
  } catch (error) {
    if (isTakenBack) await new Promise<never>(() => {});
    throw error;
  }
}

function giveUp(signal: (typeof SIGNALS)[number]): void {
  for (const each of SIGNALS) process.off(each, giveUp);
  isTakenBack = true;
  const guests = [...unfinished];
  const gone = guests.map(([guest, client]) => client.removeGuest(guest));
  void Promise.allSettled(gone).then(() => {
    // Over the progress of what was on its way.
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    complain(`EINTR: interrupted: ${count(guests.length, 'guest')} taken back, none is registered`);
    process.exit(ENDED_BY_SIGNAL + constants.signals[signal]);
  });
}
