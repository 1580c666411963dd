/** In place of a thread that looks at pages: of all it never ends, of others it tells at once. */
import { parentPort, workerData } from 'node:worker_threads';

while (workerData.selection === 'all');
parentPort.postMessage(JSON.stringify(workerData.selection));
