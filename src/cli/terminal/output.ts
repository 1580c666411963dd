/**
 * What goes to standard output and standard error, all of it through here: on a terminal nothing
 * but its own styles is ever obeyed, whatever stands in the names of files, in the files, or in
 * what a daemon answers.
 */
import { printable } from '../../printable.js';
import type { StyledLine } from './styled.js';

/** Lines on standard output; what ends a line within one is shown, not obeyed. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
}

/** One that has styles. */
export function printStyled(line: StyledLine): void {
  process.stdout.write(`${line}\n`);
}

/** One line on standard error. */
export function complain(line: string): void {
  process.stderr.write(complaint(line));
}

/** The same, for whoever cannot wait until a stopped terminal takes it. */
export function complaint(line: string): string {
  return `ksmd: ${printable(line)}\n`;
}
