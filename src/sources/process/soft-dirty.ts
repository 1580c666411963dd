/**
 * Soft-dirty bits, of kernels with CONFIG_MEM_SOFT_DIRTY: once those of a process are cleared, the
 * kernel sets a page's bit when it is written, or when something else comes to lie there.
 *
 * To see a write the kernel has to write-protect all memory of the process: the first write to each
 * page, or huge page, faults. The bits do not tell that a page was written if KSM has merged it
 * since, that pages have come with their page table (mremap), or that others have cleared them.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { KsmdError } from '../../errors.js';
import { hostPageSize } from '../host-page-size.js';
import { refusal } from './refusal.js';

/** Bit 55 of an entry of the pagemap, in its high word. */
export const SOFT_DIRTY = 0x00800000;
const ENTRY_BYTES = 8;
/** What is to be written to /proc/PID/clear_refs. */
const CLEAR_SOFT_DIRTY = '4';

/** ENOTSUP where the kernel has no such bits: it would say of every page that it is unwritten. */
export function assertSoftDirty(proc = '/proc/self'): void {
  if (tellsSoftDirty(proc)) return;
  throw new KsmdError(
    'ENOTSUP',
    'this kernel does not tell which pages were written: it has no soft-dirty bits ' +
      '(CONFIG_MEM_SOFT_DIRTY). Leave out --soft-dirty',
  );
}

/**
 * From now on what is written can be told. ESRCH if there is no such process, EACCES if its bits
 * may not be cleared.
 */
export async function clearSoftDirty(pid: number): Promise<void> {
  try {
    await writeFile(`/proc/${pid}/clear_refs`, CLEAR_SOFT_DIRTY);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw refusal(pid, error);
    throw new KsmdError(
      'EACCES',
      `what process ${pid} writes may not be followed: --soft-dirty takes its owner, ` +
        'or CAP_DAC_OVERRIDE',
    );
  }
}

/** This thread's stack is written all the time, whoever clears its bits. */
function tellsSoftDirty(proc: string): boolean {
  const [, start = '', end = ''] =
    /^(\w+)-(\w+) .*\[stack\]$/m.exec(readFileSync(`${proc}/maps`, 'latin1')) ?? [];
  const [first, last] = [start, end].map((at) => Number.parseInt(at, 16) / hostPageSize());
  if (first === undefined || last === undefined || !(last > first)) return false;
  const entries = Buffer.alloc((last - first) * ENTRY_BYTES);
  const pagemap = openSync(`${proc}/pagemap`, 'r');
  try {
    readSync(pagemap, entries, 0, entries.length, first * ENTRY_BYTES);
  } finally {
    closeSync(pagemap);
  }
  for (let at = 0; at < entries.length; at += ENTRY_BYTES)
    if ((entries.readUInt32LE(at + 4) & SOFT_DIRTY) !== 0) return true;
  return false;
}
