/** One prediction in a thread of its own; started by predictions.ts, which it answers once. */
import { parentPort, workerData } from 'node:worker_threads';
import { KsmdError } from '../errors.js';
import { Recording } from '../recording/recording.js';
import { predict } from './prediction.js';
import type { PredictionAnswer, PredictionTask } from './predictions.js';

if (parentPort === null) throw new Error('prediction-thread.js is started by predictions.js');
parentPort.postMessage(await answer(workerData as PredictionTask));

async function answer({ path, options }: PredictionTask): Promise<PredictionAnswer> {
  try {
    const recording = await Recording.open(path);
    try {
      return { predicted: await predict(recording, options) };
    } finally {
      await recording.close();
    }
  } catch (error) {
    if (error instanceof KsmdError) return { code: error.code, message: error.message };
    throw error;
  }
}
