// Preloaded into a daemon under test (NODE_OPTIONS=--import): SIGUSR2 kills its scanner thread,
// SIGALRM throws where nobody catches; with STOPPED_EARLY set it gets SIGTERM as its first thread
// starts. From then on, with NO_NEW_SCANNER set, scanner threads that
// are started die at once, and with NO_SPARE set one that waits already dies as it is told to
// begin.
import {
  getEnvironmentData,
  isMainThread,
  parentPort,
  setEnvironmentData,
} from 'node:worker_threads';

const NEW = 0;
const SPARE = 1;
const KILLED = 2;

if (isMainThread) {
  // Shared: a thread that waits already learns of it too.
  const doomed = new Int32Array(new SharedArrayBuffer(12));
  setEnvironmentData('doomed', doomed);
  let scanner;
  if (process.env.STOPPED_EARLY !== undefined)
    process.once('worker', () => process.kill(process.pid, 'SIGTERM'));
  process.on('worker', (worker) => {
    worker.on('message', (message) => {
      if (message === 'begun') scanner = worker;
    });
  });
  process.on('SIGUSR2', () => {
    Atomics.store(doomed, NEW, process.env.NO_NEW_SCANNER === undefined ? 0 : 1);
    Atomics.store(doomed, SPARE, process.env.NO_SPARE === undefined ? 0 : 1);
    Atomics.store(doomed, KILLED, 1);
    void scanner.terminate();
  });
  process.on('SIGALRM', () => {
    throw new Error('thrown by a test');
  });
} else {
  const doomed = getEnvironmentData('doomed');
  const early = Atomics.load(doomed, KILLED) === 0;
  if (Atomics.load(doomed, NEW) === 1) throw new Error('killed by a test');
  parentPort?.addEventListener('message', (event) => {
    if (!early || Atomics.load(doomed, SPARE) === 0) return;
    // What a listener throws is thrown after the listeners behind it have run; the thread's own
    // never returns.
    event.stopImmediatePropagation();
    throw new Error('killed by a test');
  });
}
