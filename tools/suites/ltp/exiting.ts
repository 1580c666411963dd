/** LTP's ksm05: a process dies while its page is scanned, and the scanner lives on. */
import type { Checks } from '../checks.js';
import { fullScans } from '../full-scans.js';
import { Memory } from '../memory.js';
import type { Way } from '../way.js';

/** LTP's dies once; how often the scanner is just there is chance. */
const DEATHS = 20;

export async function dyingWhileScanned(way: Way, checks: Checks): Promise<void> {
  await way.write('run', 2);
  await way.write('sleep_millisecs', 0);
  await way.write('run', 1);
  for (let death = 0; death < DEATHS; death++) {
    const memory = await Memory.map(await way.start(), 1);
    await memory.fill(code('a'));
    await memory.advise('mergeable');
    await memory.process.exit();
  }
  const left = await Memory.map(await way.start(), 2);
  await left.fill(code('b'));
  await left.advise('mergeable');
  await fullScans(way, 2);
  checks.equal('pages_shared of who comes after', await way.read('pages_shared'), 1);
  checks.equal('pages_sharing of who comes after', await way.read('pages_sharing'), 1);
}

function code(character: string): number {
  return character.charCodeAt(0);
}
