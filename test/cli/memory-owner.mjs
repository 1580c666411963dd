// A process with memory of its own to be registered: 4 MiB of pages, each with its number, then a line to say that it is there.
const memory = Buffer.allocUnsafeSlow(4 * 2 ** 20);
for (let page = 0; page < 1024; page++) memory.fill(page + 1, page * 4096, (page + 1) * 4096).writeUInt32LE(page, page * 4096);
process.stdout.write('ready\n');
setInterval(() => memory.length, 60_000);
