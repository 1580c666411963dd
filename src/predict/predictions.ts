/**
 * Predictions of one recording, setting by setting, on all processors that there is memory for: a
 * thread each, which reads the recording for itself: of one with 17 MB that took 0.07 s of the 0.4
 * to 2.5 s that each of two runs over two minutes did, too little to share it for. A thread makes
 * one after the other, as starting it takes longer than many a prediction. In the order of the
 * settings, whichever is done first, and the same as one after the other.
 */
import { once } from 'node:events';
import { availableParallelism, freemem } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Errno, KsmdError } from '../errors.js';
import type { KeptPredictions } from './kept-predictions.js';
import type { Predicted, PredictOptions } from './prediction.js';

export type PredictionAnswer =
  | { readonly predicted: Predicted }
  | { readonly code: Errno; readonly message: string };

/** What a thread says: how much of the time to be predicted is behind it; in the end its answer. */
export type PredictionMessage = { readonly share: number } | PredictionAnswer;

/** How many predictions are made, and of all the work what share. */
type PredictionsProgress = (done: number, share: number) => void;

/** Of the memory that is free, threads take so much at most. */
const MEMORY_SHARE = 0.7;

/**
 * `mostBytes`: what one of them may take. What is in `kept` is not made again, and what is done is
 * kept there. Rejects with the first that fails.
 */
export async function predictAll(
  { path, mostBytes }: { readonly path: string; readonly mostBytes: number },
  all: readonly PredictOptions[],
  progress: PredictionsProgress,
  kept?: KeptPredictions,
): Promise<Predicted[]> {
  const results: Predicted[] = [];
  const waiting = [...all.entries()];
  const threads: PredictionThread[] = [];
  const shares = all.map(() => 0);
  let count = 0;
  const tell = (at: number, share: number): void => {
    shares[at] = share;
    progress(count, shares.reduce((sum, each) => sum + each, 0) / all.length);
  };
  const oneAfterTheOther = async (): Promise<void> => {
    let thread: PredictionThread | undefined;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, options] = next;
      let predicted = kept?.find(options);
      if (predicted === undefined) {
        if (thread === undefined) {
          thread = new PredictionThread(path);
          threads.push(thread);
        }
        predicted = await thread.predict(options, (share) => tell(at, share));
        kept?.keep(options, predicted);
      }
      results[at] = predicted;
      count++;
      tell(at, 1);
    }
  };
  try {
    const inMemory = Math.max(1, Math.floor((freemem() * MEMORY_SHARE) / mostBytes));
    const atOnce = Math.min(availableParallelism(), all.length, inMemory);
    await Promise.all(Array.from({ length: atOnce }, oneAfterTheOther));
  } finally {
    await Promise.all(threads.map((thread) => thread.end()));
  }
  return results;
}

class PredictionThread {
  private readonly worker: Worker;

  constructor(path: string) {
    this.worker = new Worker(new URL('./prediction-thread.js', import.meta.url), {
      workerData: path,
      name: 'ksmd-prediction',
    });
  }

  /** One at a time. */
  async predict(options: PredictOptions, tell: (share: number) => void): Promise<Predicted> {
    const { worker } = this;
    const over = new AbortController();
    const ended = once(worker, 'exit', over).then(([status]) => {
      throw new Error(`the thread ended with status ${status}`);
    });
    ended.catch(() => {});
    let hear: (said: PredictionMessage) => void = () => {};
    const answered = new Promise<PredictionAnswer>((resolve) => {
      hear = (said) => ('share' in said ? tell(said.share) : resolve(said));
    });
    worker.on('message', hear);
    try {
      worker.postMessage(options);
      const answer = await Promise.race([answered, ended]);
      if ('predicted' in answer) return answer.predicted;
      throw new KsmdError(answer.code, answer.message);
    } finally {
      worker.off('message', hear);
      over.abort();
    }
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}
