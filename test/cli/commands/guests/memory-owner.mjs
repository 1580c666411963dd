// A process with memory of its own to be registered: 4 MiB of pages, each with its number, then a
// line to say that it is there. WebAssembly memory begins at a page boundary, so two such processes
// have the same pages. With the argument merge-any it asks for all of it to be mergeable.
import koffi from 'koffi';

const PR_SET_MEMORY_MERGE = 67;
if (process.argv[2] === 'merge-any') {
  const prctl = koffi.load(null).func('int prctl(int, ulong, ulong, ulong, ulong)');
  if (prctl(PR_SET_MEMORY_MERGE, 1, 0, 0, 0) !== 0) throw new Error('it may not');
}
const memory = Buffer.from(new WebAssembly.Memory({ initial: 64 }).buffer);
for (let page = 0; page < 1024; page++)
  memory.fill(page + 1, page * 4096, (page + 1) * 4096).writeUInt32LE(page, page * 4096);
process.stdout.write('ready\n');
setInterval(() => memory.length, 60_000);
