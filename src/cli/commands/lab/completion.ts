/**
 * `ksmd completion`: what a shell needs to complete ksmd's command lines, made from the command
 * table.
 */
import { Argument } from 'commander';
import { verb } from '../../verb.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

export const completion = verb<[Shell], object>({
  name: 'completion',
  summary: 'print the completion of these commands for a shell',
  details: [
    'Completes commands, options, their choices, names of tunables and counters, and, if the daemon answers, of guests and workloads. It belongs where the shell looks for completions; to try it in bash: source <(ksmd completion bash)',
  ],
  arguments: [new Argument('<shell>').choices(SHELLS)],
  examples: [
    'ksmd completion bash > /etc/bash_completion.d/ksmd',
    'ksmd completion zsh > /usr/local/share/zsh/site-functions/_ksmd',
    'ksmd completion fish > ~/.config/fish/completions/ksmd.fish',
  ],
  socket: false,
  run: async ({ print }, [shell]) => {
    // Loaded here: it needs all the table, this verb included.
    const [{ completedProgram }, { bash }, { zsh }, { fish }] = await Promise.all([
      import('../../completion/completed-program.js'),
      import('../../completion/bash.js'),
      import('../../completion/zsh.js'),
      import('../../completion/fish.js'),
    ]);
    print({ bash, zsh, fish }[shell](completedProgram()));
    return undefined;
  },
});
