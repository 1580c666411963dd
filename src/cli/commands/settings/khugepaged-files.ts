/** khugepaged's tunables and counters by the names that the command line has for them. */
import type { Client } from '../../../client/client.js';
import { KHUGEPAGED } from '../../../names.js';

export function isKhugepaged(name: string): boolean {
  return name.startsWith(KHUGEPAGED);
}

export async function khugepagedFiles(client: Client): Promise<Record<string, number>> {
  const files = Object.entries(await client.khugepaged());
  return Object.fromEntries(files.map(([name, value]) => [KHUGEPAGED + name, value]));
}
