// Preloaded into a daemon under test (NODE_OPTIONS=--import): SIGUSR2 kills its scanner thread, SIGHUP throws where nobody catches.
// With NO_NEW_SCANNER set, scanner threads started after that die at once.
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';

if (isMainThread) {
  let scanner;
  process.on('worker', (worker) => {
    scanner = worker;
  });
  process.on('SIGUSR2', () => {
    setEnvironmentData('doomed', process.env.NO_NEW_SCANNER !== undefined);
    void scanner.terminate();
  });
  process.on('SIGHUP', () => {
    throw new Error('thrown by a test');
  });
} else if (getEnvironmentData('doomed')) {
  throw new Error('killed by a test');
}
