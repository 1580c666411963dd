/**
 * Predictions of one recording in a thread of its own, one after the other; started and asked by
 * predictions.ts.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { KsmdError } from '../errors.js';
import { Recording } from '../recording/recording.js';
import { type PredictOptions, predict } from './prediction.js';
import type { PredictionAnswer, PredictionMessage } from './predictions.js';

if (parentPort === null) throw new Error('prediction-thread.js is started by predictions.js');
const port = parentPort;
const path = String(workerData);

// The memory of a host that is done with goes when its garbage is collected, which V8 would put off
// until there are several: there is to be one a thread.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

port.on('message', async (options: PredictOptions) => {
  const answered = await answer(options);
  collectGarbage();
  port.postMessage(answered);
});

const tell = (share: number): void => port.postMessage({ share } satisfies PredictionMessage);

async function answer(options: PredictOptions): Promise<PredictionAnswer> {
  try {
    const recording = await Recording.open(path);
    try {
      return { predicted: await predict(recording, options, tell) };
    } finally {
      await recording.close();
    }
  } catch (error) {
    if (error instanceof KsmdError) return { code: error.code, message: error.message };
    throw error;
  }
}
