/**
 * A guest of a recording: a process that maps, fills, advises and unmaps memory as a scenario's
 * steps say, on command from its parent. Answers each command with true, or with what went wrong.
 * It ends when its parent does.
 */

import koffi from 'koffi';
import { type ContentKind, fillContent } from '../../src/conformance/content.js';
import { hex } from '../../src/hex.js';

export type ProcessCommand =
  | { readonly do: 'map'; readonly address: number; readonly pages: number }
  | {
      readonly do: 'fill';
      readonly address: number;
      readonly count: number;
      readonly content: ContentKind;
      readonly arg: number;
      readonly step: number;
    }
  | { readonly do: 'store'; readonly address: number; readonly value: number }
  | {
      readonly do: 'madvise';
      readonly address: number;
      readonly pages: number;
      readonly advice: 'mergeable' | 'unmergeable' | 'dontneed' | 'nohugepage';
    }
  | { readonly do: 'unmap'; readonly address: number; readonly pages: number }
  | { readonly do: 'bind'; readonly node: number };

const PAGE_SIZE = 4096;
const PROT_READ_WRITE = 3;
/** MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE */
const MAP_FLAGS = 0x100022;
const ADVICE = { dontneed: 4, mergeable: 12, unmergeable: 13, nohugepage: 15 } as const;
const SYS_SET_MEMPOLICY = 238;
const MPOL_BIND = 2;

const libc = koffi.load(null);
const mmap = libc.func(
  'void *mmap(size_t address, size_t length, int protection, int flags, int fd, long offset)',
);
const munmap = libc.func('int munmap(size_t address, size_t length)');
const madvise = libc.func('int madvise(size_t address, size_t length, int advice)');
const syscall = libc.func(
  'long syscall(long number, long mode, uint64_t *mask, unsigned long bits)',
);

/** Mappings by address, so that pages can be written. */
const mappings = new Map<number, Uint8Array>();

function bytesAt(address: number): Uint8Array {
  for (const [start, bytes] of mappings) {
    if (address >= start && address < start + bytes.length) return bytes.subarray(address - start);
  }
  throw new Error(`nothing is mapped at ${hex(address)}`);
}

function carryOut(command: ProcessCommand): void {
  switch (command.do) {
    case 'map': {
      const length = command.pages * PAGE_SIZE;
      const at: unknown = mmap(command.address, length, PROT_READ_WRITE, MAP_FLAGS, -1, 0);
      if (Number(koffi.address(at)) !== command.address)
        throw new Error(`cannot map ${hex(command.address)}`);
      mappings.set(command.address, new Uint8Array(koffi.view(at, length)));
      carryOut({
        do: 'madvise',
        address: command.address,
        pages: command.pages,
        advice: 'nohugepage',
      });
      return;
    }
    case 'fill': {
      const bytes = bytesAt(command.address);
      for (let i = 0; i < command.count; i++) {
        fillContent(
          bytes.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE),
          command.content,
          BigInt(command.arg) + BigInt(i) * BigInt(command.step),
        );
      }
      return;
    }
    case 'store': {
      const bytes = bytesAt(command.address);
      new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(0, BigInt(command.value), true);
      return;
    }
    case 'madvise':
      if (madvise(command.address, command.pages * PAGE_SIZE, ADVICE[command.advice]) !== 0)
        throw new Error(`madvise ${command.advice} failed`);
      return;
    case 'unmap':
      mappings.delete(command.address);
      if (munmap(command.address, command.pages * PAGE_SIZE) !== 0)
        throw new Error('munmap failed');
      return;
    case 'bind':
      if (syscall(SYS_SET_MEMPOLICY, MPOL_BIND, [1n << BigInt(command.node)], 64) !== 0)
        throw new Error(`cannot bind to node ${command.node}`);
      return;
  }
}

process.on('message', (command: ProcessCommand) => {
  try {
    carryOut(command);
    process.send?.(true);
  } catch (error) {
    process.send?.(error instanceof Error ? error.message : String(error));
  }
});
process.on('disconnect', () => process.exit(0));
