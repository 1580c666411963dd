// A process that does to memory of its own what it is told, a command an argument, then says that
// it is there and waits. Each PAGES are mapped anew.
//
//   advised=PAGES       private memory, each page different, advised mergeable
//   private=PAGES       the same, not advised
//   shared=PAGES        shared memory, written
//   memfd=PAGES         a shared mapping of a memfd, written, advised in vain, as QEMU's share=on
//   zero=PAGES          private memory, advised and read only: the kernel's page of zeroes
//   swapped=PAGES       private memory, written, and then sent to swap
//   twins=PAGES         advised pages that are all the same
//   file=PATH:PAGES     a private mapping of a file, each page written
//   reserved=GIB        so much reserved, advised, one page of it written
//   many=MAPPINGS       so many private mappings of a page each, written
//   holes=PAGES         private memory, of which every second page is written
//   rewrite=PAGES       the first pages of what was advised last, written anew
//   drop=PAGES          the first pages of what was advised last, given back (MADV_DONTNEED)
//   restless=PAGES      advised pages that are written again and again
//   fork=N              N children that are copies of it, and wait too
//
// More commands may come on standard input, a line each: it says when each is done.
import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import koffi from 'koffi';

const PAGE = 4096;
const PROT_READ = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 32;
const MAP_NORESERVE = 0x4000;
const MADV_DONTNEED = 4;
const MADV_MERGEABLE = 12;
const MADV_NOHUGEPAGE = 15;
const MADV_PAGEOUT = 21;

const libc = koffi.load(null);
const mmap = libc.func(
  'intptr_t mmap(void *at, size_t length, int prot, int flags, int fd, long offset)',
);
const madvise = libc.func('int madvise(intptr_t at, size_t length, int advice)');
const mprotect = libc.func('int mprotect(intptr_t at, size_t length, int prot)');
const memset = libc.func('intptr_t memset(intptr_t at, int byte, size_t length)');
const memfd = libc.func('int memfd_create(str name, unsigned int flags)');
const ftruncate = libc.func('int ftruncate(int fd, long length)');
const dlsym = libc.func('intptr_t dlsym(intptr_t handle, str name)');
const clone = libc.func('int clone(intptr_t fn, intptr_t stack, int flags, intptr_t arg)');
const SIGCHLD = 17;
const STACK_BYTES = 65_536;
const CHILD_SECONDS = 300;

function map(length, flags, fd = -1) {
  const at = mmap(null, length, PROT_READ_WRITE, flags, fd, 0);
  if (at === -1) throw new Error('mmap fails');
  if (fd === -1) madvise(at, length, MADV_NOHUGEPAGE);
  return at;
}

function advise(at, length) {
  if (madvise(at, length, MADV_MERGEABLE) !== 0) throw new Error('madvise fails');
  return at;
}

/** Page n holds n in each byte of its parts, or all the same. */
function write(at, pages, byteOf = (page) => page) {
  for (let page = 0; page < pages; page++) {
    memset(at + page * PAGE, byteOf(page) & 0xff, PAGE / 2);
    memset(at + page * PAGE + PAGE / 2, (byteOf(page) >> 8) + 1, PAGE / 2);
  }
}

const anonymous = (pages, flags = MAP_PRIVATE) => map(pages * PAGE, flags | MAP_ANONYMOUS);
const read = libc.func('int memcmp(intptr_t a, intptr_t b, size_t length)');

let advised = 0;

const commands = {
  advised: (pages) => {
    advised = advise(anonymous(pages), pages * PAGE);
    write(advised, pages);
  },
  rewrite: (pages) => write(advised, pages, (page) => page + 77),
  drop: (pages) => {
    if (madvise(advised, pages * PAGE, MADV_DONTNEED) !== 0) throw new Error('madvise fails');
  },
  restless: (pages) => {
    const at = advise(anonymous(pages), pages * PAGE);
    let turn = 0;
    const rewrite = () => write(at, pages, () => ++turn);
    rewrite();
    setInterval(rewrite, 1);
  },
  private: (pages) => write(anonymous(pages), pages),
  shared: (pages) => write(anonymous(pages, MAP_SHARED), pages),
  memfd: (pages) => {
    const fd = memfd('ram', 0);
    if (fd === -1 || ftruncate(fd, pages * PAGE) !== 0) throw new Error('memfd_create fails');
    write(advise(map(pages * PAGE, MAP_SHARED, fd), pages * PAGE), pages);
  },
  zero: (pages) => {
    const at = advise(anonymous(pages), pages * PAGE);
    read(at, at + (pages / 2) * PAGE, (pages / 2) * PAGE);
  },
  swapped: (pages) => {
    const at = anonymous(pages);
    write(at, pages);
    if (madvise(at, pages * PAGE, MADV_PAGEOUT) !== 0) throw new Error('MADV_PAGEOUT fails');
  },
  twins: (pages) => write(advise(anonymous(pages), pages * PAGE), pages, () => 7),
  file: (value) => {
    const [path, pages] = value.split(':');
    write(map(pages * PAGE, MAP_PRIVATE, openSync(path, 'r')), Number(pages));
  },
  reserved: (gib) => {
    const length = gib * 2 ** 30;
    const at = map(length, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
    write(advise(at, length) + length / 2, 1);
  },
  holes: (pages) => {
    const at = anonymous(pages);
    for (let page = 0; page < pages; page += 2) write(at + page * PAGE, 1);
  },
  // Every second page is out of reach, so that no two mappings are one.
  many: (mappings) => {
    const at = anonymous(2 * mappings);
    write(at, 2 * mappings);
    for (let page = 1; page < 2 * mappings; page += 2)
      if (mprotect(at + page * PAGE, PAGE, PROT_READ) !== 0) throw new Error('mprotect fails');
  },
  // Node does not go on after a fork: the child calls sleep(3) and nothing else, and ends with it.
  fork: (children) =>
    Array.from({ length: children }, () => {
      const stack = map(STACK_BYTES, MAP_PRIVATE | MAP_ANONYMOUS);
      return clone(dlsym(0, 'sleep'), stack + STACK_BYTES, SIGCHLD, CHILD_SECONDS);
    }),
};

/** The numbers of the processes it has made, if it has. */
function obey(argument) {
  const at = argument.indexOf('=');
  const command = argument.slice(0, at);
  const value = argument.slice(at + 1);
  const done = commands[command](command === 'file' ? value : Number(value));
  return command === 'fork' ? done : [];
}

const said = [process.pid, ...process.argv.slice(2).flatMap(obey)];
process.stdout.write(`${said.join(' ')}\n`);
createInterface({ input: process.stdin }).on('line', (line) => {
  process.stdout.write(`${['done', ...obey(line)].join(' ')}\n`);
});
setInterval(() => {}, 60_000);
