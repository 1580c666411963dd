/** Files of tests, by what is to be in them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { TemporaryDirectory } from '../../daemon-process.js';

const FIXTURES = fileURLToPath(new URL('../../fixtures/images/', import.meta.url));

/** What one of the programs that write images has written: README.md beside it says which. */
export function fixture(name: string): Buffer {
  const bytes = readFileSync(FIXTURES + name);
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** A directory in which files are written by their content. */
export class Files extends TemporaryDirectory {
  written(name: string, bytes: Uint8Array): string {
    const path = this.file(name);
    writeFileSync(path, bytes);
    return path;
  }
}
