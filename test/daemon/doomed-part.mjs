// A daemon's parts in a process of their own, of which one does not start: what that leaves behind
// is for the test to see. The process ends by itself, once no thread, socket or timer keeps it.
//
// Arguments: a directory, the name of the part, and how it fails: 'fails', or 'stopped' if the
// daemon is told to stop while it starts. Prints the names of the parts asked for, what starting
// ended with, and how many timers tick that keep no process alive.
import { join } from 'node:path';
import { DEFAULT_LIMITS } from '../../dist/daemon/http/limits.js';
import { LifeCycle } from '../../dist/daemon/life-cycle.js';
import { daemonParts } from '../../dist/daemon/parts.js';
import { SYSTEM_TIMERS } from '../../dist/daemon/timers.js';
import { DEFAULT_PRICES } from '../../dist/prices/default-prices.js';

const [directory, doomed, how] = process.argv.slice(2);

let ticking = 0;
const timers = {
  every(ms, tick) {
    ticking++;
    const end = SYSTEM_TIMERS.every(ms, tick);
    return () => {
      ticking--;
      end();
    };
  },
};

const config = {
  socketPath: join(directory, 'ksmd.sock'),
  memoryBytes: 2 ** 20,
  pageSize: 4096,
  kernel: '6.18',
  tunables: [],
  khugepaged: [],
  prices: DEFAULT_PRICES,
  limits: DEFAULT_LIMITS,
  http: { host: '127.0.0.1', port: Number(process.env.PORT) },
  sysfs: { directory: join(directory, 'sys'), as: process.env.SYSFS_AS },
  oomTimeoutMs: 100,
  logLevel: 'fatal',
};
const owner = { logsTo() {}, stop() {}, die() {} };

const asked = [];
let life;
let stopping;
function* parts() {
  for (const part of daemonParts(config, owner, timers)) {
    asked.push(part.name);
    if (part.name !== doomed) yield part;
    else if (how === 'fails')
      yield {
        ...part,
        start() {
          throw new Error('doomed by a test');
        },
      };
    else
      yield {
        ...part,
        start() {
          stopping = life.stop();
          return part.start();
        },
      };
  }
}

life = new LifeCycle(parts());
let outcome = 'up';
try {
  await life.start();
  if (stopping !== undefined) {
    await stopping;
    outcome = 'stopped';
  } else await life.stop();
} catch (error) {
  outcome = error.message;
}
process.stdout.write(JSON.stringify({ asked, outcome, ticking }));
