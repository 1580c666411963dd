/**
 * One shell that commands are handed to one after another, as a reader types them: in a new
 * directory of its own, with `ksmd` on the path and installed there for programs to import, and
 * with nothing of the user's in reach. What it has started ends with it, daemons too.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { KSMD, TemporaryDirectory } from '../daemon-process.js';
import { CHECKOUT } from './markdown.js';

/** Only a command that hangs takes so long. */
const PATIENCE_MS = 30_000;

/**
 * Reads commands from descriptor 3, so that none of them can eat the next, and says in the output
 * how each has ended.
 */
const READER = `
exec 2>&1
shopt -s expand_aliases
status=0
while IFS= read -r -d '' -u 3 command; do
  (exit "$status")
  eval "$command" 3<&-
  status=$?
  printf '\\0exit %s\\0' "$status"
done
for socket in "$HOME"/*.sock "$XDG_RUNTIME_DIR"/ksmd/*.sock; do
  [ ! -S "$socket" ] || ksmd stop --socket "$socket"
done
kill $(jobs -p) 2> /dev/null
wait
`;
const ENDED = /\0exit (\d+)\0$/;

export interface Outcome {
  readonly status: number;
  /** What it printed on standard output and standard error, in order. */
  readonly output: string;
}

export class Shell {
  private readonly directory = new TemporaryDirectory();
  private readonly bash: ChildProcess;
  private readonly commands: Writable;
  private readonly closed: Promise<unknown>;
  private output = '';

  constructor() {
    const home = this.directory.file('home');
    const path = this.directory.file('bin');
    const runtime = this.directory.file('run');
    const packages = `${home}/node_modules`;
    for (const made of [home, path, runtime, packages]) mkdirSync(made, { mode: 0o700 });
    symlinkSync(KSMD, `${path}/ksmd`);
    symlinkSync(CHECKOUT, `${packages}/ksmd`);
    const env = {
      PATH: `${path}:${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: home,
      TMPDIR: home,
      XDG_RUNTIME_DIR: runtime,
      LANG: 'C.UTF-8',
    };
    this.bash = spawn('bash', ['--noprofile', '--norc', '-c', READER], {
      cwd: home,
      env,
      stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
      detached: true,
    });
    this.commands = this.bash.stdio[3] as Writable;
    this.closed = once(this.bash, 'exit');
    this.bash.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      if (ENDED.test(this.output)) this.bash.emit('answered');
    });
  }

  async run(command: string): Promise<Outcome> {
    this.output = '';
    const answered = once(this.bash, 'answered', { signal: AbortSignal.timeout(PATIENCE_MS) });
    this.commands.write(`${command}\0`);
    await answered.catch(() => {
      throw new Error(`'${command}' does not end; so far it has printed:\n${this.output}`);
    });
    const [end = '', status] = ENDED.exec(this.output) ?? [];
    return { status: Number(status), output: this.output.slice(0, -end.length) };
  }

  /**
   * Ends everything that was started in the background, waits for it, and removes the directory.
   */
  async end(): Promise<void> {
    this.commands.end();
    const giveUp = setTimeout(() => this.killAll(), PATIENCE_MS);
    await this.closed;
    clearTimeout(giveUp);
    this.killAll();
    this.directory.remove();
  }

  /** The shell and all that it has started are one process group. */
  private killAll(): void {
    const { pid } = this.bash;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // None of them is left.
    }
  }
}
