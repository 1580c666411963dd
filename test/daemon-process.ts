/**
 * The real daemon in a process of its own, and the real ways to talk to it: the built command line,
 * curl, a bare socket.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '../src/client/client.js';
import { until } from './until.js';

export const KSMD = fileURLToPath(new URL('../bin/ksmd.js', import.meta.url));

/**
 * That of the tests, without certificates of authorities. Node reads those at every start, which
 * takes longer than all else of it, and nothing here asks anything over TLS.
 */
export const ENVIRONMENT = { ...process.env, NODE_EXTRA_CA_CERTS: '' };

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  { input, env }: RunOptions = {},
): Promise<Outcome> {
  const child = spawn(program, args, { env: { ...ENVIRONMENT, ...env }, stdio: 'pipe' });
  const stdout = text(child.stdout);
  const stderr = text(child.stderr);
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout: stdout(), stderr: stderr() };
}

/** Runs `ksmd`, as a user would. */
export function ksmd(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(process.execPath, [KSMD, ...args], options);
}

export class TemporaryDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'ksmd-test-'));

  file(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A command that runs another one in some surroundings. */
export type Within = (command: readonly string[]) => readonly string[];

export class DaemonProcess {
  readonly client: Client;
  readonly exited: Promise<number | null>;

  private constructor(
    readonly directory: TemporaryDirectory,
    readonly child: ChildProcess,
    readonly socketPath: string,
    private readonly output: () => string,
    private readonly errors: () => string,
  ) {
    this.client = new Client(socketPath);
    this.exited = once(child, 'close').then(([status]) => status as number | null);
  }

  /** Resolves once it listens. */
  static async start(
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    within?: Within,
  ): Promise<DaemonProcess> {
    const daemon = DaemonProcess.spawn(args, env, within);
    await until('the daemon listens', () => {
      if (daemon.child.exitCode !== null) throw new Error(`the daemon ended: ${daemon.stderr}`);
      return daemon.log.some(({ msg }) => msg === 'listening');
    });
    return daemon;
  }

  /** Does not wait for anything. */
  static spawn(
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
    within: Within = (command) => command,
  ): DaemonProcess {
    const directory = new TemporaryDirectory();
    const socketPath = directory.file('ksmd.sock');
    const options = { env: { ...ENVIRONMENT, ...env }, stdio: 'pipe' } as const;
    const start = ['start', '--memory', '64MiB', '--socket', socketPath, ...args];
    const [program = '', ...rest] = within([process.execPath, KSMD, ...start]);
    const child = spawn(program, rest, options);
    return new DaemonProcess(directory, child, socketPath, text(child.stdout), text(child.stderr));
  }

  get log(): Record<string, unknown>[] {
    const whole = this.output();
    return whole
      .slice(0, whole.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  }

  get stderr(): string {
    return this.errors();
  }

  /** Runs a verb against this daemon. */
  ksmd(...args: string[]): Promise<Outcome> {
    return ksmd(args, { env: { KSMD_SOCKET: this.socketPath } });
  }

  ksmdWithInput(input: string | Uint8Array, ...args: string[]): Promise<Outcome> {
    return ksmd(args, { env: { KSMD_SOCKET: this.socketPath }, input });
  }

  /** HTTP status and body, as curl has them. */
  async curl(path: string, ...args: string[]): Promise<{ status: number; body: string }> {
    const { stdout } = await run('curl', [
      '-s',
      '--unix-socket',
      this.socketPath,
      '-w',
      '\n%{http_code}',
      ...args,
      `http://localhost${path}`,
    ]);
    const end = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
  }

  async curlJson(path: string, ...args: string[]): Promise<{ status: number; json: unknown }> {
    const { status, body } = await this.curl(path, ...args);
    return { status, json: body === '' ? undefined : JSON.parse(body) };
  }

  async connect(): Promise<Socket> {
    const socket = createConnection({ path: this.socketPath, allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  }

  /** Asks it to end; its exit status. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.client.close();
    this.child.kill(signal);
    const status = await this.exited;
    this.directory.remove();
    return status;
  }
}

/** What a stream has given so far. */
export function text(stream: NodeJS.ReadableStream): () => string {
  let whole = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    whole += chunk;
  });
  return () => whole;
}
