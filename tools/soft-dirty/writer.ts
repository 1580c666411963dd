/** A process that does to memory of its own what it is told, by messages. */
import koffi from 'koffi';

const PAGE = 4096;
const PROT_READ_WRITE = 3;
const MAP_PRIVATE_ANONYMOUS = 2 | 0x20;
const MAP_FIXED = 0x10;
const MREMAP_MAYMOVE_FIXED = 1 | 2;
const ADVICE = { mergeable: 12, huge: 14, small: 15, pageout: 21 } as const;
const SIGCHLD = 17;
const STACK_BYTES = 65_536;
const CHILD_SECONDS = 100_000;

/** `at` is an address in bytes. */
export type Order =
  | { readonly do: 'map' | 'unmap'; readonly at: number; readonly pages: number }
  | {
      readonly do: 'write' | 'read';
      readonly at: number;
      readonly pages: number;
      /** One page in so many. */
      readonly every?: number;
      /** What a written page holds, beside its place if it is not the same for all. */
      readonly value?: number;
      readonly same?: true;
    }
  | {
      readonly do: 'advise';
      readonly at: number;
      readonly pages: number;
      readonly advice: keyof typeof ADVICE;
    }
  | { readonly do: 'move'; readonly at: number; readonly pages: number; readonly to: number }
  | { readonly do: 'fork' };

/** What came of an order: microseconds it took, and the number of a child. */
export interface Done {
  readonly us: number;
  readonly pid?: number;
}

const libc = koffi.load(null);
const mmap = libc.func(
  'intptr_t mmap(intptr_t at, size_t length, int prot, int flags, int fd, long offset)',
);
const munmap = libc.func('int munmap(intptr_t at, size_t length)');
const mremap = libc.func(
  'intptr_t mremap(intptr_t at, size_t length, size_t new_length, int flags, intptr_t to)',
);
const madvise = libc.func('int madvise(intptr_t at, size_t length, int advice)');
const dlsym = libc.func('intptr_t dlsym(intptr_t handle, str name)');
const clone = libc.func('int clone(intptr_t fn, intptr_t stack, int flags, intptr_t arg)');

process.on('message', (order: Order) => {
  const beginUs = performance.now() * 1000;
  const pid = obey(order);
  const us = performance.now() * 1000 - beginUs;
  const done: Done = pid === undefined ? { us } : { us, pid };
  process.send?.(done);
});
// It is there.
process.send?.({ us: 0 } satisfies Done);

/** The number of the child, if it is one's making. */
function obey(order: Order): number | undefined {
  if (order.do === 'fork') return fork();
  const { at, pages } = order;
  const bytes = pages * PAGE;
  switch (order.do) {
    case 'map':
      assert(mapAt(at, bytes, MAP_FIXED) === at, order);
      return undefined;
    case 'advise':
      assert(madvise(at, bytes, ADVICE[order.advice]) === 0, order);
      return undefined;
    case 'move':
      assert(mremap(at, bytes, bytes, MREMAP_MAYMOVE_FIXED, order.to) === order.to, order);
      return undefined;
    case 'unmap':
      assert(munmap(at, bytes) === 0, order);
      return undefined;
    case 'write':
    case 'read': {
      const { every = 1, value = 0, same = false } = order;
      const memory = Buffer.from(koffi.view(BigInt(at), bytes));
      for (let page = 0; page < pages; page += every)
        if (order.do === 'read') memory.readUInt32LE(page * PAGE);
        else {
          memory.writeUInt32LE(same ? 1 : page, page * PAGE);
          memory.writeUInt32LE(value, page * PAGE + PAGE / 2);
        }
      return undefined;
    }
  }
}

/** Node does not go on after a fork: the child calls sleep(3), and ends with it. */
function fork(): number {
  const stack = mapAt(0, STACK_BYTES);
  return clone(dlsym(0, 'sleep'), stack + STACK_BYTES, SIGCHLD, CHILD_SECONDS);
}

function mapAt(address: number, bytes: number, flags = 0): number {
  return mmap(address, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS | flags, -1, 0);
}

function assert(is: boolean, order: Order): void {
  if (!is) throw new Error(`${JSON.stringify(order)} fails`);
}
