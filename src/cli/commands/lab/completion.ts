/**
 * `ksmd completion`: what a shell needs to complete ksmd's command lines, made from the command
 * line that it is itself a part of.
 */
import { bash } from '../../completion/bash.js';
import { completedProgram } from '../../completion/completed-program.js';
import { fish } from '../../completion/fish.js';
import type { Shell } from '../../completion/shells.js';
import { zsh } from '../../completion/zsh.js';
import type { Action } from '../../verb.js';

export const action: Action<[Shell], object> = async ({ program, print }, [shell]) => {
  print(...{ bash, zsh, fish }[shell](completedProgram(program)).split('\n'));
  return undefined;
};
