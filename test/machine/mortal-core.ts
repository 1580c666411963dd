/**
 * The core, built so that its thread can die in it: before every write of a word and every atomic
 * access it calls `step`, of the module `words`, which may throw. It is the core's own source, with
 * these calls put into the one file that touches words.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import asc from 'assemblyscript/asc';

const ROOT = resolve(import.meta.dirname, '../..');
/** Plain reads tell nobody anything; `change` and `count` are made of the others. */
const UNSTEPPED = 3;
const STEPS = /export function (?!at\b|change\b|count\b)\w+\([^)]*\)[^{]*\{\n/g;

function wordsWithSteps(): string {
  const words = readFileSync(`${ROOT}/src/core/words.ts`, 'utf8');
  const [functions, stepped] = [/^export function /gm, STEPS].map(
    (pattern) => words.match(pattern)?.length ?? 0,
  );
  if (stepped !== functions - UNSTEPPED)
    throw new Error(`of ${functions} functions that touch words, ${stepped} tell of it`);
  return `declare function step(): void;\n${words.replace(STEPS, (head) => `${head}  step();\n`)}`;
}

/** With the options that the core is built with. */
async function compile(): Promise<WebAssembly.Module> {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as {
    scripts: { 'build:core': string };
  };
  const [, ...options] = scripts['build:core'].split(' ');
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(options, {
    readFile: (name) => {
      if (name === 'src/core/words.ts') return wordsWithSteps();
      try {
        return readFileSync(resolve(ROOT, name), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => {
      if (name.endsWith('.wasm') && typeof contents !== 'string') binary = new Uint8Array(contents);
    },
    listFiles: () => null,
  });
  if (error !== null || binary === undefined)
    throw new Error(`the core does not compile: ${stderr.toString()}`);
  return new WebAssembly.Module(binary);
}

export const MORTAL_CORE = await compile();
