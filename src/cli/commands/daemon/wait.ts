/** `ksmd wait`: until the daemon answers, or until it has made full scans. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../../client/client.js';
import { isKsmdError, KsmdError } from '../../../errors.js';
import { count } from '../../../wording/amounts.js';
import type { Action } from '../../verb.js';

const LOOK_MS = 50;

interface WaitOptions {
  readonly fullScans?: number;
  /** Milliseconds. */
  readonly timeout?: number;
}

export const action: Action<[], WaitOptions> = async (
  { client },
  _values,
  { fullScans, timeout },
) => {
  const isReached =
    fullScans === undefined ? () => answers(client) : fullScansDone(client, fullScans);
  let timer: NodeJS.Timeout | undefined;
  // A daemon that is stopped takes a question and does not answer.
  const timeIsOver = new Promise<never>((_resolve, reject) => {
    if (timeout === undefined) return;
    timer = setTimeout(() => reject(tooLong(client, fullScans)), timeout);
  });
  try {
    while (!(await Promise.race([isReached(), timeIsOver]))) await delay(LOOK_MS);
  } finally {
    clearTimeout(timer);
  }
  return undefined;
};

function tooLong({ socketPath }: Client, fullScans: number | undefined): KsmdError {
  return new KsmdError(
    'ETIMEDOUT',
    fullScans === undefined
      ? `no daemon answers on ${socketPath} yet`
      : `${count(fullScans, 'full scan')} took longer: 'ksmd status' says what the scanner does`,
  );
}

async function answers(client: Client): Promise<boolean> {
  try {
    await client.status();
    return true;
  } catch (error) {
    const isComing = (['ENOENT', 'ECONNREFUSED', 'ECONNRESET'] as const).some((code) =>
      isKsmdError(error, code),
    );
    if (isComing) return false;
    throw error;
  }
}

/** Whether there have been as many since the first look. KsmdError once none is to come. */
function fullScansDone(client: Client, fullScans: number): () => Promise<boolean> {
  let wanted: number | undefined;
  return async () => {
    const { full_scans: done, run } = await client.ksm();
    wanted ??= Number(done) + fullScans;
    if (Number(done) >= wanted) return true;
    if (run === 1) return false;
    throw new KsmdError('EAGAIN', "the scanner is stopped: 'ksmd set run=1' starts it");
  };
}
