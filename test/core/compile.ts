/** Builds a core for tests, from its own source and with the options that it is built with. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import asc from 'assemblyscript/asc';

const ROOT = resolve(import.meta.dirname, '../..');

/** The binary of the module `entry`; `replaced` are sources to be used instead of files. */
export async function compileCore(
  entry: string,
  replaced: ReadonlyMap<string, string> = new Map(),
): Promise<Uint8Array<ArrayBuffer>> {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as {
    scripts: { 'build:core': string };
  };
  const [, , ...options] = scripts['build:core'].split(' ');
  let binary: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([entry, ...options], {
    readFile: (name) => {
      const source = replaced.get(name);
      if (source !== undefined) return source;
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
  return binary;
}
