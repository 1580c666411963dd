// Holds the text of this machine's JavaScript as strings, objects and buffers, 40 MiB and more, and
// changes a few of its own objects so many times a second.
import { readdirSync, readFileSync } from 'node:fs';

const writes = Number(process.argv[2]);
const folder = new URL('../../node_modules/', import.meta.url);
const files = readdirSync(folder, { recursive: true })
  .filter((name) => /\.js$/.test(name))
  .sort()
  .slice(0, 1500);
const held = files.map((name) => {
  try {
    return readFileSync(new URL(name, folder));
  } catch {
    return Buffer.alloc(0);
  }
});
const lines = held.slice(0, 300).map((file) => file.toString('latin1').split('\n'));
const own = Array.from({ length: 4000 }, (_, at) => Buffer.alloc(4096, at));
setInterval(() => {
  for (let i = 0; i < writes / 50; i++) {
    const buffer = own[Math.floor(Math.random() * own.length)];
    buffer.writeDoubleLE(Math.random(), 8 * Math.floor(Math.random() * 500));
  }
}, 20);
globalThis.kept = [held, lines];
