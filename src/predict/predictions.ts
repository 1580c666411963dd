/**
 * Predictions of one recording, setting by setting, on all processors that there is memory for: a
 * thread each, which reads the recording for itself: of one with 17 MB that took 0.07 s of the 0.4
 * to 2.5 s that each of two runs over two minutes did, too little to share it for. In the order of
 * the settings, whichever is done first, and the same as one after the other.
 */
import { availableParallelism, freemem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Errno, KsmdError } from '../errors.js';
import type { KeptPredictions } from './kept-predictions.js';
import type { Predicted, PredictOptions } from './prediction.js';

export interface PredictionTask {
  readonly path: string;
  readonly options: PredictOptions;
}

export type PredictionAnswer =
  | { readonly predicted: Predicted }
  | { readonly code: Errno; readonly message: string };

/** Of the memory that is free, threads take so much at most. */
const MEMORY_SHARE = 0.7;

/**
 * `mostBytes`: what one of them may take. `done`: called with how many there are so far. What is in
 * `kept` is not made again, and what is done is kept there. Rejects with the first that fails.
 */
export async function predictAll(
  { path, mostBytes }: { readonly path: string; readonly mostBytes: number },
  all: readonly PredictOptions[],
  done: (count: number) => void,
  kept?: KeptPredictions,
): Promise<Predicted[]> {
  const results: Predicted[] = [];
  const waiting = [...all.entries()];
  const workers = new Set<Worker>();
  let count = 0;
  const oneAfterTheOther = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, options] = next;
      const known = kept?.find(options);
      const predicted = known ?? (await inThread({ path, options }, workers));
      if (known === undefined) kept?.keep(options, predicted);
      results[at] = predicted;
      done(++count);
    }
  };
  try {
    const inMemory = Math.max(1, Math.floor((freemem() * MEMORY_SHARE) / mostBytes));
    const threads = Math.min(availableParallelism(), all.length, inMemory);
    await Promise.all(Array.from({ length: threads }, oneAfterTheOther));
  } finally {
    await Promise.all([...workers].map((worker) => worker.terminate()));
  }
  return results;
}

async function inThread(task: PredictionTask, workers: Set<Worker>): Promise<Predicted> {
  const worker = new Worker(new URL('./prediction-thread.js', import.meta.url), {
    workerData: task,
    name: 'ksmd-prediction',
  });
  workers.add(worker);
  try {
    const answer = await new Promise<PredictionAnswer>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the thread ended with status ${code}`)));
    });
    if ('predicted' in answer) return answer.predicted;
    throw new KsmdError(answer.code, answer.message);
  } finally {
    workers.delete(worker);
    await worker.terminate();
  }
}
