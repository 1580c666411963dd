/**
 * An HTTP server that does nothing, and beside it as many threads that are always busy as the
 * daemon has at full load, with the priority that its scanner has: what any server of Node.js
 * comes to on this machine. Its argument is the socket to listen at. It ends when its parent does.
 * Plain JavaScript: a worker thread does not get the loader for anything else.
 */
import { readlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { setPriority } from 'node:os';
import { isMainThread, Worker } from 'node:worker_threads';

const BUSY_THREADS = 2;
/** The kernel's ksmd has it, and so has the scanner. */
const NICE = 5;
/** More than the caches hold, so that memory is busy too. */
const BYTES = 64 * 1024 * 1024;
/** A prime and a bit more than a page. */
const STRIDE = 4099;

function beBusy() {
  const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  setPriority(thread, NICE);
  const memory = new Uint8Array(BYTES);
  for (let at = 0; ; at = (at + STRIDE) % BYTES) memory[at]++;
}

if (isMainThread) {
  for (let i = 0; i < BUSY_THREADS; i++) new Worker(new URL(import.meta.url));
  createServer((_request, response) => response.end('{}')).listen(process.argv[2], () =>
    process.send?.('listening'),
  );
  process.on('disconnect', () => process.exit(0));
} else beBusy();
