/**
 * What `npm run units` has a Debian do: each verb that takes `--unit` is asked for a service, and
 * what it says is held against the processes that the service has said it has. It runs compiled.
 */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { PAGES, RIGHT, SAID, UNIT } from './service.js';

const KSMD = '/ksmd/bin/ksmd.js';
const RECORDING = '/tmp/unit.rec';

interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

let isRight = true;
const [systemd] = execFileSync('systemctl', ['--version'], { encoding: 'utf8' }).split('\n');
console.log(`Linux ${readFileSync('/proc/sys/kernel/osrelease', 'latin1').trim()}, ${systemd}`);
const pids = await saidPids();
const guests = pids.map((pid) => `node-${pid}`);
console.log(`${UNIT} has processes ${pids.join(', ')}, of ${PAGES} advised pages each`);

const wanted = guests.map((name) => `${name}: ${PAGES}`).join(', ');
const estimated = JSON.parse(await says('estimate', '--unit', UNIT, '--advised', '--json'));
hold('estimate', guestsOf(estimated.guests, 'name', 'pages'), wanted);
const capture = ['capture', '--unit', UNIT, '--advised', '--duration', '0', '--json'];
const swept = JSON.parse(await says(...capture, '--output', RECORDING));
hold('capture', `${swept.guests} guests, ${swept.pages} pages`, `3 guests, ${3 * PAGES} pages`);
await says('start', '--background', '--memory', '64MiB');
await says('register', '--unit', UNIT, '--advised');
const registered = JSON.parse(await says('guests', '--json'));
hold('register', guestsOf(registered, 'name', 'presentPages'), wanted);
await says('stop');

execFileSync('systemctl', ['stop', UNIT]);
const stopped = await ksmd('estimate', '--unit', UNIT);
hold(
  'estimate of a unit that was stopped',
  stopped.stderr,
  /ENOENT: no unit .* runs under systemd/,
);
const unknown = await ksmd('register', '--unit', 'no-such.service');
hold('register of no unit', unknown.stderr, /ENOENT: no unit .* runs under systemd/);
console.log(isRight ? RIGHT : 'wrong');

/** Once they are said: the service is one that has been started, not one that is ready. */
async function saidPids(): Promise<number[]> {
  const said = (): string => (existsSync(SAID) ? readFileSync(SAID, 'latin1') : '');
  while (!said().endsWith('\n')) await after(10);
  return said().trim().split(' ').map(Number);
}

function guestsOf(
  all: readonly Readonly<Record<string, unknown>>[],
  name: string,
  pages: string,
): string {
  return all.map((guest) => `${guest[name]}: ${guest[pages]}`).join(', ');
}

function hold(what: string, is: string, wanted: string | RegExp): void {
  const isAsWanted = typeof wanted === 'string' ? is === wanted : wanted.test(is);
  console.log(`${what}: ${is.trim()}${isAsWanted ? '' : `, and not ${wanted}`}`);
  if (!isAsWanted) isRight = false;
}

function ksmd(...args: string[]): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(process.execPath, [KSMD, ...args], (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : 1, stdout, stderr }),
    );
  });
}

/** What a verb prints that is to do as it is told. */
async function says(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await ksmd(...args);
  if (status === 0) return stdout;
  throw new Error(`ksmd ${args.join(' ')} fails: ${stderr}${stdout}`);
}
