/**
 * The core, built so that its thread can die in it: before every write of a word and every atomic
 * access it calls `step`, of the module `words`, which may throw. It is the core's own source, with
 * these calls put into the one file that touches words.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { compileCore } from '../core/compile.js';

const WORDS = 'src/core/words.ts';
/** Plain reads tell nobody anything; `add` and `addWide` are made of the others. */
const UNSTEPPED = 3;
const STEPS = /^(?:export )?function (?!loadWord\b|add\b|addWide\b)\w+\([^)]*\)[^{]*\{\n/gm;

function wordsWithSteps(): string {
  const words = readFileSync(resolve(import.meta.dirname, '../..', WORDS), 'utf8');
  const [functions, stepped] = [/^(?:export )?function /gm, STEPS].map(
    (pattern) => words.match(pattern)?.length ?? 0,
  );
  if (stepped !== functions - UNSTEPPED)
    throw new Error(`of ${functions} functions that touch words, ${stepped} tell of it`);
  return `declare function step(): void;\n${words.replace(STEPS, (head) => `${head}  step();\n`)}`;
}

export const MORTAL_CORE = new WebAssembly.Module(
  await compileCore('test/core/tested-core/index.ts', new Map([[WORDS, wordsWithSteps()]])),
);
