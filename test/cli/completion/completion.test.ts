/** The completions, in the shells they are for. */
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { VERBS } from '../../../src/cli/commands.js';
import { KERNEL_PROFILES } from '../../../src/ksm/kernels.js';
import {
  DaemonProcess,
  KSMD,
  ksmd,
  type Outcome,
  run,
  TemporaryDirectory,
} from '../../daemon-process.js';
import { removeTools, type Tool, tool } from '../../debian-tool.js';

const verbs = [...VERBS.map(({ name }) => name), 'help'];
const NOBODY = '/tmp/nobody-listens-here.sock';

let directory: TemporaryDirectory;
let daemon: DaemonProcess;
beforeAll(async () => {
  directory = new TemporaryDirectory();
  symlinkSync(KSMD, directory.file('ksmd'));
  // A machine under load may be slower than a user would wait.
  writeFileSync(directory.file('timeout'), '#!/bin/sh\nshift\nexec "$@"\n', { mode: 0o755 });
  for (const shell of ['bash', 'zsh', 'fish'])
    writeFileSync(directory.file(shell), (await ksmd(['completion', shell])).stdout);
  daemon = await DaemonProcess.start(['--run', '0']);
  for (const guest of ['web-1', 'web-2', 'vm']) await daemon.client.createGuest(guest);
  await daemon.client.run({ workload: 'dirty', guest: 'vm', pages: 16, rate: 1 });
});
afterAll(async () => {
  await daemon.stop();
  directory.remove();
  await removeTools();
});

/** An environment in which `ksmd` is a command, and talks to our daemon unless told otherwise. */
function environment({ env }: Pick<Tool, 'env'>, socket = daemon.socketPath): NodeJS.ProcessEnv {
  return {
    ...env,
    PATH: `${directory.path}:${env.PATH ?? process.env.PATH}`,
    KSMD_SOCKET: socket,
    HOME: directory.path,
    TERM: 'dumb',
  };
}

test('a shell that is not known is refused', async () => {
  expect(await ksmd(['completion', 'tcsh'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('bash, zsh, fish'),
  });
});

describe('bash', () => {
  /** What bash offers for the last of these arguments, split as readline splits them. */
  async function complete(args: readonly string[], socket?: string): Promise<string[]> {
    const script = `
      source "$1"; shift
      COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
      $(complete -p ksmd | sed 's/.*-F \\([^ ]*\\).*/\\1/')
      ((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await run(
      'bash',
      ['--norc', '-c', script, 'bash', directory.file('bash'), ...args],
      {
        env: environment({ env: {} }, socket),
      },
    );
    expect(stderr).toBe('');
    return stdout.split('\n').filter((line) => line !== '');
  }

  test('completes the verbs', async () => {
    expect((await complete(['ksmd', ''])).toSorted()).toEqual(verbs.toSorted());
    expect(await complete(['ksmd', 'st'])).toEqual(['start', 'stop', 'status']);
    expect(await complete(['ksmd', 'help', 'unr'])).toEqual(['unregister']);
    expect(await complete(['ksmd', '--v'])).toEqual(['--version']);
  });

  test.each(VERBS.map((verb) => [verb.name, verb] as const))(
    'completes the options of %s',
    async (name, verb) => {
      const all = [
        ...verb.options.map(({ long }) => long),
        ...(verb.json ? ['--json'] : []),
        ...(verb.socket ? ['--socket'] : []),
        '--help',
      ];
      expect(await complete(['ksmd', name, '-'])).toEqual(all);
    },
  );

  test('completes the choices of an option or an argument, also behind =', async () => {
    const kernels = KERNEL_PROFILES.map((profile) => profile.name);
    expect(await complete(['ksmd', 'start', '--kernel', ''])).toEqual([...kernels, 'host']);
    expect(await complete(['ksmd', 'start', '--kernel', '=', '6.1'])).toEqual([
      '6.1',
      '6.12',
      '6.18',
    ]);
    expect(await complete(['ksmd', 'start', '--memory', '1GiB', '--log-level', 'w'])).toEqual([
      'warn',
    ]);
    expect(await complete(['ksmd', 'madvise', 'web-1', 'un'])).toEqual(['unmergeable']);
    expect(await complete(['ksmd', 'run', '--size', '1MiB', 'd'])).toEqual(['dirty']);
    expect(await complete(['ksmd', 'run', 'p'])).toEqual(['prefork']);
    expect(await complete(['ksmd', 'run', 'boot', '--hu'])).toEqual(['--huge']);
    expect(await complete(['ksmd', 'madvise', 'vm', 'c'])).toEqual(['collapse']);
    expect(await complete(['ksmd', 'completion', ''])).toEqual(['bash', 'zsh', 'fish']);
  });

  test('completes every counter and tunable that the daemon has', async () => {
    const files = Object.keys(await daemon.client.ksm());
    expect((await complete(['ksmd', 'get', 'run', ''])).sort()).toEqual(
      expect.arrayContaining(files),
    );
    expect(await complete(['ksmd', 'get', 'pages_sh'])).toEqual(['pages_shared', 'pages_sharing']);
  });

  test('completes tunables to be set, and their values where they are few', async () => {
    expect(await complete(['ksmd', 'set', 'pages_'])).toEqual(['pages_to_scan=']);
    expect(await complete(['ksmd', 'set', 'advisor_mode', '='])).toEqual(['none', 'scan-time']);
    expect(await complete(['ksmd', 'set', 'run', '=', '0', 'use_zero_pages', '=', ''])).toEqual([
      '0',
      '1',
    ]);
    expect(await complete(['ksmd', 'set', 'pages_to_scan', '=', ''])).toEqual([]);
    expect(await complete(['ksmd', 'start', '--set', 'pages_'])).toEqual(['pages_to_scan=']);
    const args = ['ksmd', 'start', '--set', 'run', '=', '0', '--set', 'advisor_mode', '=', 's'];
    expect(await complete(args)).toEqual(['scan-time']);
  });

  test('completes guests and workloads, as the daemon has them', async () => {
    expect((await complete(['ksmd', 'unregister', ''])).sort()).toEqual(['vm', 'web-1', 'web-2']);
    expect((await complete(['ksmd', 'run', 'dirty', '--guest', 'web'])).sort()).toEqual([
      'web-1',
      'web-2',
    ]);
    expect(await complete(['ksmd', 'kill', ''])).toEqual(['1']);
    expect(await complete(['ksmd', 'read', '--socket', daemon.socketPath, 'v'], NOBODY)).toEqual([
      'vm',
    ]);
    expect(await complete(['ksmd', 'register', ''])).toEqual([]);
    expect(await complete(['ksmd', 'read', 'vm', ''])).toEqual([]);
    expect(await complete(['ksmd', 'fork', 'v'])).toEqual(['vm']);
    expect(await complete(['ksmd', 'fork', 'vm', ''])).toEqual([]);
  });

  test('says nothing of guests where there is no daemon', async () => {
    expect(await complete(['ksmd', 'unregister', ''], NOBODY)).toEqual([]);
  });

  test('completes files', async () => {
    expect(await complete(['ksmd', 'start', '--restore', join(directory.path, 'fi')])).toEqual([
      directory.file('fish'),
    ]);
    expect(await complete(['ksmd', 'snapshot', join(directory.path, 'ba')])).toEqual([
      directory.file('bash'),
    ]);
  });
});

describe('fish', () => {
  async function fish(context: TestContext, ...args: string[]): Promise<Outcome> {
    const shell = await tool(context, 'fish', ['fish', 'fish-common', 'libpcre2-32-0']);
    return run(shell.path, ['--no-config', ...args], { env: environment(shell) });
  }

  test('parses its completion', async (context) => {
    expect(await fish(context, '--no-execute', directory.file('fish'))).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  test('completes verbs, options, choices, tunables, guests and workloads', async (context) => {
    const lines = [
      'st',
      'start --kern',
      'start --kernel ',
      'madvise --region memory web-1 un',
      'get pages_sh',
      'set advisor_mo',
      'unregister ',
      'run read --guest v',
      'run read --',
      'kill ',
      'register ',
    ];
    const asked = lines.map((line) => `echo (complete -C'ksmd ${line}' | cut -f 1 | sort)`);
    const script = [`source ${directory.file('fish')}`, ...asked].join('\n');
    const { stdout, stderr } = await fish(context, '-c', script);
    expect(stderr).toBe('');
    const offered = stdout.replace(/\n$/, '').split('\n');
    expect(offered.slice(0, 8)).toEqual([
      'start status stop',
      '--kernel',
      '2.6.32 6.1 6.12 6.18 host',
      'unmergeable',
      'pages_shared pages_sharing',
      'advisor_mode=none advisor_mode=scan-time',
      'vm web-1 web-2',
      'vm',
    ]);
    // Of `ksmd run read`, not of `ksmd read`.
    expect(offered[8]).toContain('--rate');
    expect(offered[8]).not.toContain('--hex');
    expect(offered.slice(9)).toEqual(['1', '']);
  });
});

describe('zsh', () => {
  /**
   * A zsh on a terminal of its own: types what it is given and Tab, and prints what then stands on
   * the line.
   */
  const TYPIST = `
    zmodload zsh/zpty
    zpty shell "$ZSH -f -i"
    ask() { zpty -w shell "$1"; while zpty -r shell line; do [[ $line == *"$2"* ]] && break; done }
    ask "PS1= RPS1= ; unset zle_bracketed_paste; echo quie''t" quiet
    ask "fpath=($FUNCTIONS); module_path=($MODULES); echo re''ady" ready
    ask "autoload -U compinit; compinit -u -D; source $COMPLETION; echo load''ed" loaded
    ask 'report() { print -r -- "LINE<$BUFFER>"; BUFFER=""; zle accept-line }; echo mad''e' made
    ask 'zle -N report; bindkey "^X" report; echo bou''nd' bound
    for typed; do
      zpty -wn shell "$typed"$'\\t\\030'
      while zpty -r shell line; do [[ $line == *"LINE<"* ]] && break; done
      print -r -- "\${\${line##*LINE<}%%>*}"
    done
    zpty -d shell`;

  async function zsh(
    context: TestContext,
    args: (shell: Tool) => readonly string[],
  ): Promise<Outcome> {
    const shell = await tool(context, 'zsh', ['zsh', 'zsh-common', 'libtinfo6']);
    const installed = await run(
      shell.path,
      ['-f', '-c', 'print -r -- $fpath; print -r -- $module_path'],
      { env: shell.env },
    );
    const [functions = '', modules = ''] = installed.stdout
      .split('\n')
      .map((paths) => paths.replace(/(^| )\//g, `$1${shell.root}/`));
    const inRoot = {
      ZSH: shell.path,
      FUNCTIONS: functions,
      MODULES: modules,
      COMPLETION: directory.file('zsh'),
    };
    return run(shell.path, ['-f', ...args(shell)], { env: { ...environment(shell), ...inRoot } });
  }

  test('parses its completion', async (context) => {
    expect(await zsh(context, () => ['-n', directory.file('zsh')])).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  test('completes verbs, options, choices, tunables and guests', async (context) => {
    const typed = [
      'ksmd unr',
      'ksmd start --kern',
      'ksmd start --log-level w',
      'ksmd madvise vm un',
      'ksmd set advisor_mode=s',
      'ksmd unregister v',
    ];
    const { stdout, stderr } = await zsh(context, () => [
      '-c',
      `module_path=(\${=MODULES})\n${TYPIST}`,
      'zsh',
      ...typed,
    ]);
    expect(stderr).toBe('');
    expect(stdout.replace(/\n$/, '').split('\n')).toEqual([
      'ksmd unregister ',
      'ksmd start --kernel=',
      'ksmd start --log-level warn ',
      'ksmd madvise vm unmergeable ',
      'ksmd set advisor_mode=scan-time ',
      'ksmd unregister vm ',
    ]);
  });
});
