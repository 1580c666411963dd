// A process whose memory lives: `node live-process.mjs SEED PAGES FORKS` maps PAGES pages, no huge
// ones, advises them mergeable, and says its number and its children's. Of ten pages four have a
// content that other processes have too, one is zeroes, the others are their own. Then every tenth
// of a second the first 256 pages are written, and a few others, further on each time. Told
// anything on its standard input it answers with how many turns of a loop it made since then.
import koffi from 'koffi';

const PAGE = 4096;
const PROT_READ_WRITE = 3;
const PRIVATE_ANONYMOUS = 0x22;
const MADV_MERGEABLE = 12;
const MADV_NOHUGEPAGE = 15;
const SIGCHLD = 17;
const STACK_BYTES = 65_536;
const CHILD_SECONDS = 3600;
const PIECE_PAGES = 65_536;
const HOT_PAGES = 256;
const SLOW_PAGES = 16;
const TURN_MS = 100;

const libc = koffi.load(null);
const mmap = libc.func(
  'void *mmap(void *at, size_t length, int prot, int flags, int fd, long offset)',
);
const madvise = libc.func('int madvise(void *at, size_t length, int advice)');
const dlsym = libc.func('intptr_t dlsym(intptr_t handle, str name)');
const clone = libc.func('int clone(intptr_t fn, void *stack, int flags, intptr_t arg)');

const [seed, pages, forks] = process.argv.slice(2).map(Number);
const pieces = [];
for (let first = 0; first < pages; first += PIECE_PAGES) {
  const length = Math.min(PIECE_PAGES, pages - first) * PAGE;
  const at = mmap(null, length, PROT_READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
  madvise(at, length, MADV_NOHUGEPAGE);
  madvise(at, length, MADV_MERGEABLE);
  pieces.push(new BigUint64Array(koffi.view(at, length)));
}

/** Words of a page that no other page has, or that all have that are given this number. */
function fill(words, at, number) {
  let value = BigInt(number) * 0x9e3779b97f4a7c15n + 1n;
  for (let word = 0; word < 16; word++) {
    value = BigInt.asUintN(64, value * 6364136223846793005n + 1442695040888963407n);
    words[at + word * 32] = value;
  }
}

const WORDS = PAGE / 8;
for (let page = 0; page < pages; page++) {
  const words = pieces[Math.floor(page / PIECE_PAGES)];
  const at = (page % PIECE_PAGES) * WORDS;
  const kind = page % 10;
  if (kind === 0) words[at] = 0n;
  else if (kind <= 4) fill(words, at, page % 20_000);
  else fill(words, at, (seed + 1) * 2 ** 32 + page);
}

const said = [process.pid];
for (let child = 0; child < forks; child++) {
  const stack = mmap(null, STACK_BYTES, PROT_READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
  const top = koffi.address(stack) + BigInt(STACK_BYTES);
  said.push(clone(dlsym(0, 'sleep'), top, SIGCHLD, CHILD_SECONDS));
}
process.stdout.write(`${said.join(' ')}\n`);

let turn = 0n;
let slow = HOT_PAGES;
setInterval(() => {
  turn++;
  const [words] = pieces;
  for (let page = 0; page < HOT_PAGES; page++) words[page * WORDS + 5] = turn;
  for (let page = 0; page < SLOW_PAGES; page++) {
    words[slow * WORDS + 5] = turn;
    slow = slow + 1 < words.length / WORDS ? slow + 1 : HOT_PAGES;
  }
}, TURN_MS);

let turns = 0;
process.stdin.on('data', () => {
  process.stdout.write(`${turns}\n`);
  turns = 0;
});
// Work of its own, a page at a time, all the while.
let page = 0;
function work() {
  const words = pieces[0];
  const end = performance.now() + 2;
  while (performance.now() < end) {
    for (let word = 0; word < WORDS; word += 8) words[page * WORDS + word];
    page = (page + 1) % Math.min(pages, PIECE_PAGES);
    turns++;
  }
  setTimeout(work, 8);
}
if (process.env.WORKS === '1') work();
