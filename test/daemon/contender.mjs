// One of several processes that want the same place at the same instant. It is told to try, over
// and over, by its parent (contest.ts); told so, it dies by SIGKILL just before the n-th call to
// the operating system that its try makes.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const CALLS = [
  ...['closeSync', 'existsSync', 'lstatSync', 'mkdirSync', 'mkdtempSync', 'openSync'],
  ...['readFileSync', 'readdirSync', 'realpathSync', 'renameSync', 'rmSync', 'rmdirSync'],
  ...['statSync', 'writeFileSync'],
];
const DAWDLE_MS = 15;
const never = new Int32Array(new SharedArrayBuffer(4));

/** Calls of the try so far; undefined: there is none. */
let calls;
let dieAt;
let dawdleAt;

function watch(object, name) {
  const call = object[name];
  object[name] = function (...args) {
    if (calls !== undefined) {
      if (calls === dieAt) process.kill(process.pid, 'SIGKILL');
      if (calls === dawdleAt) Atomics.wait(never, 0, 0, DAWDLE_MS);
      calls++;
    }
    return call.apply(this, args);
  };
}

for (const name of CALLS) watch(fs, name);
watch(net, 'createConnection');
watch(net.Server.prototype, 'listen');
syncBuiltinESMExports();

const { SocketPath } = await import('../../dist/daemon/socket.js');
const { OwnDirectory } = await import('../../dist/daemon/sysfs/own-directory.js');
const { Mounts } = await import('../../dist/daemon/sysfs/mount/mounts.js');
const { fixedDirectory } = await import('../../dist/daemon/sysfs/tree.js');

const GETTERS = {
  async socket(place) {
    const path = await SocketPath.prepare(place);
    // Most who connect only want to know whether anybody listens.
    const server = net.createServer((connection) =>
      connection.on('error', () => {}).end(String(process.pid)),
    );
    await path.listen((ownName) => new Promise((resolve) => server.listen(ownName, resolve)));
    return async () => {
      await new Promise((resolve) => server.close(resolve));
      await path.remove();
    };
  },
  async sysfs(place) {
    const directory = await OwnDirectory.claim(place, () => undefined);
    return () => directory.release();
  },
  async mount(place) {
    const directory = await OwnDirectory.claim(place, () => undefined);
    const empty = { root: fixedDirectory(0o755, new Map()), fileBytes: 0, ready: async () => {} };
    const mounts = await Mounts.make([[directory, empty]], () => {});
    return () => {
      mounts.remove();
      directory.release();
    };
  },
};

let giveBack;

async function contend({ get, place, at, ...mishaps }) {
  ({ dieAt, dawdleAt } = mishaps);
  // All begin at one instant, as closely as processes can.
  while (process.hrtime.bigint() < BigInt(at));
  calls = 0;
  try {
    giveBack = await GETTERS[get](place);
    return { got: true };
  } catch (error) {
    return { refused: error.code };
  } finally {
    calls = undefined;
  }
}

process.on('message', async ({ release, attempt }) => {
  process.send(release ? ((await giveBack()) ?? {}) : await contend(attempt));
});
process.send({});
