/**
 * A process of the kernel's side: maps anonymous memory in small pages, advises it mergeable, fills
 * it, reads it and writes to it, on command from its parent. Answers each command with the seconds
 * it took. It ends when its parent does.
 */
import koffi from 'koffi';
import { type CopyContent, lastWord, PAGE_SIZE } from './side.js';

export type GuestCommand =
  | { readonly kind: 'fill'; readonly pages: number; readonly content: CopyContent }
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly value: number };

const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x4022;
const MADV_MERGEABLE = 12;
const MADV_NOHUGEPAGE = 15;

const libc = koffi.load(null);
const mmap = libc.func(
  'void *mmap(void *address, size_t length, int protection, int flags, int fd, long offset)',
);
const madvise = libc.func('int madvise(void *address, size_t length, int advice)');

let memory = new DataView(new ArrayBuffer(0));
let sink = 0;

function fill(pages: number, content: CopyContent): void {
  const bytes = pages * PAGE_SIZE;
  const address: unknown = mmap(
    null,
    bytes,
    PROT_READ_WRITE,
    MAP_PRIVATE_ANONYMOUS_NORESERVE,
    -1,
    0,
  );
  if (
    madvise(address, bytes, MADV_NOHUGEPAGE) !== 0 ||
    madvise(address, bytes, MADV_MERGEABLE) !== 0
  )
    throw new Error('madvise failed');
  memory = new DataView(koffi.view(address, bytes));
  for (let page = 0; page < pages; page++)
    memory.setUint32(page * PAGE_SIZE + PAGE_SIZE - 8, lastWord(content, page), true);
}

function read(): void {
  for (let at = PAGE_SIZE - 8; at < memory.byteLength; at += PAGE_SIZE)
    sink ^= memory.getUint32(at, true);
}

function write(value: number): void {
  for (let at = 0; at < memory.byteLength; at += 2 * PAGE_SIZE) memory.setUint32(at, value, true);
}

process.on('message', (command: GuestCommand) => {
  const start = performance.now();
  if (command.kind === 'fill') fill(command.pages, command.content);
  else if (command.kind === 'write') write(command.value);
  else read();
  process.send?.({ seconds: (performance.now() - start) / 1000, sink });
});
process.on('disconnect', () => process.exit(0));
