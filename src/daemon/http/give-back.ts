/**
 * Memory of buffers given back at once, not when it is collected. Node receives a body in a new
 * buffer for each 64 KiB: what an upload of a gigabyte leaves behind makes V8 collect all of its
 * heap now and then, and malloc(3) gives the memory to the kernel, which has it faulted in anew.
 * Both together took longer than storing.
 */
import { MessageChannel } from 'node:worker_threads';

/** Nobody receives what is posted here, but what is transferred is gone from its sender. */
const nowhere = new MessageChannel().port1;
nowhere.close();

/** Buffers of less are from a pool, and others are in the same memory. */
const LEAST_BYTES = 32 * 1024;

/** Nobody may look at the bytes afterwards. A part of a larger buffer is left alone. */
export function giveBack({ buffer, byteLength }: Buffer): void {
  const isAlone = byteLength === buffer.byteLength && byteLength >= LEAST_BYTES;
  if (isAlone && buffer instanceof ArrayBuffer) nowhere.postMessage(undefined, [buffer]);
}
