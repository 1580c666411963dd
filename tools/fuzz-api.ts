/**
 * npm run fuzz-api: requests that make no sense, by the hundred thousand. Exit status 1 if the
 * daemon dies, an answer does not come, one says that ksmd is at fault, or its memory grows without
 * end.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { Command } from 'commander';
import fc from 'fast-check';
import { LoadedDaemon } from './load/daemon.js';
import { type RandomRequest, randomRequests } from './load/random-requests.js';

const AT_ONCE = 16;
const BATCH = 2000;
const ANSWER_WITHIN_MS = 10_000;
/** A profile lasts as long as it is asked to. */
const LONGEST_PROFILE_MS = 60_000;
/** Of what the daemon has once warm. */
const GROWTH_ALLOWED = 1.5;

const program = new Command('fuzz-api')
  .description('Sends random and malformed requests to a daemon of its own.')
  .option('--requests <n>', 'how many', Number, 200_000)
  .option('--seed <n>', 'of what is sent', Number, Date.now() % 1_000_000);
program.parse();
const { requests, seed } = program.opts<{ requests: number; seed: number }>();
console.log(`fuzz-api: ${requests.toLocaleString('en')} requests, seed ${seed}`);

const daemon = await LoadedDaemon.start([
  '--memory',
  '16MiB',
  '--max-guests',
  '64',
  '--max-regions',
  '256',
  '--log-level',
  'error',
]);
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
const statuses = new Map<string, number>();
const faults: string[] = [];

function send(random: RandomRequest): Promise<string> {
  return random.kind === 'raw' ? sendRaw(random.bytes) : sendHttp(random);
}

function sendHttp({
  method,
  path,
  body,
}: Extract<RandomRequest, { kind: 'http' }>): Promise<string> {
  const timeout = ANSWER_WITHIN_MS + (path === '/v1/profile' ? LONGEST_PROFILE_MS : 0);
  return new Promise((resolve) => {
    const outgoing = request(
      { socketPath: daemon.socketPath, agent, method, path, timeout },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', () => resolve('broken off'));
        answer.on('end', () => {
          const status = answer.statusCode ?? 0;
          if (status < 500) resolve(String(status));
          else {
            const text = Buffer.concat(parts).toString();
            const excused = /"code":"(ENOMEM|ENOSPC)"/.test(text);
            if (!excused) faults.push(`${method} ${path} ${String(body)}: ${status} ${text}`);
            resolve(excused ? `${status} for want of room` : String(status));
          }
        });
      },
    );
    outgoing.on('timeout', () => {
      faults.push(`${method} ${path} ${String(body)}: no answer`);
      outgoing.destroy();
    });
    outgoing.on('error', () => resolve('broken off'));
    outgoing.end(body);
  });
}

function sendRaw(bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(daemon.socketPath, () => socket.end(bytes));
    socket.setTimeout(ANSWER_WITHIN_MS, () => {
      faults.push(`raw bytes ${Buffer.from(bytes).toString('hex')}: the connection stays open`);
      socket.destroy();
    });
    socket.resume();
    socket.on('error', () => {});
    socket.on('close', () => resolve('raw'));
  });
}

function rssMiB(): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, 'latin1'))?.[1];
  return Number(kib) / 1024;
}

const arbitrary = randomRequests(await fetchDocument());
let warmMiB = 0;
for (let sent = 0; sent < requests && faults.length === 0; sent += BATCH) {
  const batch = fc.sample(arbitrary, {
    seed: seed + sent,
    numRuns: Math.min(BATCH, requests - sent),
  });
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < batch.length; index = next++) {
      const random = batch[index];
      if (random === undefined) return;
      const status = await Promise.race([send(random), daemon.died]);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  // What they ran is ended, so that not all of them are refused for it.
  for (const { id } of await daemon.client.workloads()) await daemon.client.kill(id);
  if ((sent / BATCH) % 5 === 0)
    for (const { name } of await daemon.client.guests()) await daemon.client.removeGuest(name);
  if (warmMiB === 0 && sent >= requests / 4) warmMiB = rssMiB();
  if ((sent / BATCH) % 10 === 9)
    console.log(`${(sent + BATCH).toLocaleString('en')} sent; resident ${rssMiB().toFixed(0)} MiB`);
}
const endMiB = rssMiB();
const disagreements = await daemon.client.check();
await daemon.stop();
agent.destroy();
for (const fault of [...faults, ...disagreements]) console.log(fault);
console.log(
  [...statuses]
    .sort()
    .map(([status, count]) => `${status}: ${count.toLocaleString('en')}`)
    .join(', '),
);
console.log(`resident ${warmMiB.toFixed(0)} MiB once warm, ${endMiB.toFixed(0)} MiB at the end`);
const steady = warmMiB === 0 || endMiB < warmMiB * GROWTH_ALLOWED;
process.exitCode = faults.length === 0 && disagreements.length === 0 && steady ? 0 : 1;

function fetchDocument(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request({ socketPath: daemon.socketPath, path: '/v1/openapi.json' }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => resolve(JSON.parse(text)));
    })
      .on('error', reject)
      .end();
  });
}
