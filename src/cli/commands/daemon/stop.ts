/** `ksmd stop`: asks the daemon to stop, and waits until its socket is gone. */
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { KsmdError } from '../../../errors.js';
import type { Action } from '../../verb.js';

const PATIENCE_MS = 10_000;
const LOOK_MS = 20;

export const action: Action<[], object> = async ({ client, json, print, printJson }) => {
  await client.stop();
  for (let waitedMs = 0; existsSync(client.socketPath); waitedMs += LOOK_MS) {
    if (waitedMs > PATIENCE_MS)
      throw new KsmdError(
        'ETIMEDOUT',
        'the daemon has said that it stops, but its socket is still there',
      );
    await delay(LOOK_MS);
  }
  if (json) printJson({ stopped: true });
  else print('stopped');
  return undefined;
};
