import { setTimeout as delay } from 'node:timers/promises';

const DEADLINE_MS = 20_000;
const LOOK_MS = 10;

/**
 * Waits for a condition: what it gives once that is neither false nor undefined. Fails at a
 * deadline that only a fault reaches.
 */
export async function until<Value>(
  what: string,
  condition: () => Value | false | undefined | Promise<Value | false | undefined>,
): Promise<Value> {
  for (let waitedMs = 0; waitedMs < DEADLINE_MS; waitedMs += LOOK_MS) {
    const value = await condition();
    if (value !== false && value !== undefined) return value;
    await delay(LOOK_MS);
  }
  throw new Error(`waited in vain: ${what}`);
}
