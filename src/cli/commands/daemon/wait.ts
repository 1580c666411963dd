/** `ksmd wait`: until the daemon answers, or until it has made full scans. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../../client/client.js';
import { isKsmdError, KsmdError } from '../../../errors.js';
import { count } from '../../terminal/wording.js';
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
  { fullScans, timeout = Number.POSITIVE_INFINITY },
) => {
  const deadline = performance.now() + timeout;
  const isReached =
    fullScans === undefined ? () => answers(client) : await fullScansDone(client, fullScans);
  while (!(await isReached())) {
    if (performance.now() > deadline)
      throw new KsmdError(
        'ETIMEDOUT',
        fullScans === undefined
          ? `no daemon listens on ${client.socketPath} yet`
          : `${count(fullScans, 'full scan')} took longer: 'ksmd status' says how long one takes`,
      );
    await delay(LOOK_MS);
  }
  return undefined;
};

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

/** Whether there have been as many full scans by then. KsmdError once none is to come. */
async function fullScansDone(client: Client, fullScans: number): Promise<() => Promise<boolean>> {
  const wanted = Number((await client.ksm()).full_scans) + fullScans;
  return async () => {
    const { full_scans: done, run } = await client.ksm();
    if (Number(done) >= wanted) return true;
    if (run === 1) return false;
    throw new KsmdError('EAGAIN', "the scanner is stopped: 'ksmd set run=1' starts it");
  };
}
