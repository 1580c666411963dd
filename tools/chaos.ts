/**
 * npm run chaos: the load of stress, while the scanner and guest threads are killed and clients
 * break off, all at random moments. Exit status 1 if a byte is wrong, a recount disagrees, or
 * merging does not resume within a second.
 */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { randomIntegers } from '../src/workload/random.js';
import { LoadedDaemon } from './load/daemon.js';
import { Families } from './load/families.js';
import { DAEMON_OPTIONS, Writers } from './load/writers.js';

const UPLOAD_PAGES = 200;

const program = new Command('chaos')
  .description('Kills the scanner, guest threads and clients under load.')
  .option('--scanner-kills <n>', 'how often the scanner is killed', Number, 1000)
  .option('--guest-kills <n>', 'how often a guest thread is', Number, 200)
  .option(
    '--client-cuts <n>',
    'how often a client breaks off in the middle of an upload',
    Number,
    500,
  )
  .option('--resume-within-ms <n>', 'how soon merging must resume', Number, 1000)
  .option('--seed <n>', 'of what happens when', Number, Date.now() % 1_000_000);
program.parse();
const { scannerKills, guestKills, clientCuts, resumeWithinMs, seed } = program.opts<{
  scannerKills: number;
  guestKills: number;
  clientCuts: number;
  resumeWithinMs: number;
  seed: number;
}>();
console.log(
  `chaos: ${scannerKills} scanner kills, ${guestKills} guest kills, ${clientCuts} client ` +
    `cuts, seed ${seed}`,
);

const daemon = await LoadedDaemon.start(DAEMON_OPTIONS);
const { client } = daemon;
const random = randomIntegers(seed);
const writers = new Writers(daemon, seed);
await writers.start();
const families = new Families(daemon, random);
await families.start();
await client.createGuest('uploads');
const region = await client.map('uploads', 'memory', { pages: UPLOAD_PAGES });

/** Announces an upload, sends part of it and breaks off. */
async function cutClient(): Promise<void> {
  const bytes = UPLOAD_PAGES * 4096;
  await new Promise<void>((resolve) => {
    const socket = connect(daemon.socketPath, () => {
      socket.write(
        `PUT /v1/guests/uploads/memory?address=${region.address} HTTP/1.1\r\nhost: ` +
          `x\r\ncontent-length: ${bytes}\r\n\r\n`,
      );
      socket.write(new Uint8Array(random(bytes)), () => socket.destroy());
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
  });
}

/** Kills the scanner; how long until it merges again, in milliseconds. */
async function killScanner(): Promise<number> {
  await delay(random(20));
  const { afterMs } = await client.restartScanner();
  const start = performance.now();
  const scanned = Number((await client.ksm()).pages_scanned);
  while (Number((await client.ksm()).pages_scanned) === scanned) await delay(1);
  return afterMs + performance.now() - start;
}

type Deed = 'scanner' | 'guest' | 'client';
const deeds: Deed[] = [
  ...Array<Deed>(scannerKills).fill('scanner'),
  ...Array<Deed>(guestKills).fill('guest'),
  ...Array<Deed>(clientCuts).fill('client'),
];
for (let i = deeds.length - 1; i > 0; i--) {
  const j = random(i + 1);
  const [a, b] = [deeds[i], deeds[j]];
  if (a !== undefined && b !== undefined) [deeds[i], deeds[j]] = [b, a];
}

let slowestMs = 0;
let checks = 0;
const faults: string[] = [];
for (const [number, deed] of deeds.entries()) {
  if (deed === 'scanner')
    slowestMs = Math.max(slowestMs, await Promise.race([killScanner(), daemon.died]));
  else if (deed === 'guest') await writers.replace(random(3));
  else await cutClient();
  await families.deed();
  if (number % 100 !== 99) continue;
  faults.push(...(await client.check()));
  checks++;
  const { verified, wrong } = await writers.soFar();
  console.log(
    `${number + 1} of ${deeds.length}: ${verified.toLocaleString('en')} stores verified, ` +
      `${wrong} wrong, slowest restart ${Math.round(slowestMs)} ms`,
  );
}
await families.stop();
const totals = await writers.stop();
totals.wrong += families.wrong;
faults.push(...(await client.check()));
await daemon.stop();
for (const sentence of faults) console.log(sentence);
console.log(
  `${totals.verified.toLocaleString('en')} stores verified, ${totals.wrong} wrong; merging ` +
    `resumed after ${Math.round(slowestMs)} ms at most`,
);
console.log(
  faults.length === 0
    ? `check: all agrees, ${checks + 1} times`
    : `check: ${faults.length} disagreements`,
);
process.exitCode = totals.wrong === 0 && faults.length === 0 && slowestMs <= resumeWithinMs ? 0 : 1;
