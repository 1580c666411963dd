/** Before any test: the core that tests look into (tested-core.ts), built once for all of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { compileCore } from './compile.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the built core lies. */
    testedCore: string;
  }
}

export default async function buildTestedCore({ provide }: TestProject): Promise<() => void> {
  const directory = mkdtempSync(join(tmpdir(), 'ksmd-tested-core-'));
  const file = join(directory, 'tested-core.wasm');
  writeFileSync(file, await compileCore('test/core/tested-core/index.ts'));
  provide('testedCore', file);
  return () => rmSync(directory, { recursive: true });
}
