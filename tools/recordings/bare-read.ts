/** What a sweep cannot be quicker than: the same memory read and hashed, and nothing else done. */
import { closeSync, openSync, readSync } from 'node:fs';
import xxhash from 'xxhash-wasm';
import { ProcessSource } from '../../src/sources/process/process-source.js';

const hasher = await xxhash();
const READ_BYTES = 2 * 1024 * 1024;

export interface BareRead {
  readonly bytes: number;
  /** Of a processor. */
  readonly processorMs: number;
}

/** All that is present of these processes, of what they have advised. */
export async function bareRead(pids: readonly number[]): Promise<BareRead> {
  const buffer = Buffer.alloc(READ_BYTES);
  let bytes = 0;
  let processorMs = 0;
  for (const pid of pids) {
    const source = await ProcessSource.open(pid, 'advised');
    const { pageSize, layout } = source;
    await source.close();
    const memory = openSync(`/proc/${pid}/mem`, 'r');
    const begin = process.cpuUsage();
    for (const { spans } of layout.regions)
      for (const { address, length } of spans)
        for (let done = 0; done < length; done += READ_BYTES) {
          const want = Math.min(READ_BYTES, length - done);
          const read = readSync(memory, buffer, 0, want, address + done);
          for (let at = 0; at < read; at += pageSize)
            hasher.h64Raw(buffer.subarray(at, at + pageSize));
          bytes += read;
        }
    const { user, system } = process.cpuUsage(begin);
    processorMs += (user + system) / 1000;
    closeSync(memory);
  }
  return { bytes, processorMs };
}
