/**
 * Console blocks: what a reader types, and what comes of it.
 *
 * A line that begins with `$ ` is a command, lines after it that begin with `> ` go on with it, all
 * others are its output. In output `…` and `[...]` stand for anything within a line, and alone on a
 * line for any lines, or none. In a block with `numbers=vary` a number stands for any number.
 */
import type { Block } from './markdown.js';

export interface Step {
  /** Of its first line in the document. */
  readonly line: number;
  readonly command: string;
  readonly output: readonly string[];
}

export function stepsOf({ lines, line }: Block): Step[] {
  const steps: { line: number; command: string; output: string[] }[] = [];
  for (const [index, text] of lines.entries()) {
    const step = steps.at(-1);
    if (text.startsWith('$ '))
      steps.push({ line: line + index, command: text.slice(2), output: [] });
    else if (step === undefined)
      throw new Error(`line ${line + index}: a console block begins with a command`);
    else if (text.startsWith('> ') && step.output.length === 0)
      step.command += `\n${text.slice(2)}`;
    else step.output.push(text);
  }
  return steps;
}

/** Whether a command's output is what the document shows. */
export function matches(wanted: readonly string[], output: string, numbersVary = false): boolean {
  const read = numbersVary ? withoutNumbers : (text: string) => text;
  const pattern = wanted.map((line) =>
    isWildcard(line.trim())
      ? '(?:[^\\n]*\\n)*?'
      : `${read(line.trimEnd()).split(WILDCARD).map(escaped).join('[^\\n]*')}\\n`,
  );
  const text = output === '' || output.endsWith('\n') ? output : `${output}\n`;
  return new RegExp(`^${pattern.join('')}$`).test(read(text.replace(/[ \t]+$/gm, '')));
}

const WILDCARD = /…|\[\.\.\.\]/;

function isWildcard(text: string): boolean {
  return text === '…' || text === '[...]';
}

/** Each number replaced by one sign, and each width of a column by one blank. */
function withoutNumbers(text: string): string {
  return text
    .replace(/0x[0-9a-f]+/g, '0x#')
    .replace(/\d[\d,]*(?:\.\d+)?/g, '#')
    .replace(/ +/g, ' ');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
