/** Files that say whose guests are whose: what is in one, src/estimate/tenant-lines.ts says. */
import { readFile } from 'node:fs/promises';
import { systemError } from '../errors.js';
import { tenantsBy } from '../estimate/tenant-lines.js';
import { quoted } from '../printable.js';

/** EINVAL names the line that says nothing; the answer is EINVAL for who fits no line. */
export async function readTenants(path: string): Promise<(guest: string) => string> {
  return tenantsBy(await readTenantLines(path), quoted(path));
}

/** As they are in the file. */
export function readTenantLines(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw systemError(error, `cannot read ${quoted(path)}`);
  });
}
