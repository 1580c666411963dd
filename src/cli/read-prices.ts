/** Files that `ksmd calibrate` has written. */
import { readFile } from 'node:fs/promises';
import { KsmdError, systemError } from '../errors.js';
import type { Prices } from '../prices/prices.js';
import { pricesOf } from '../prices/prices-file.js';
import { quoted } from '../printable.js';

/** EINVAL if it is none; else why it cannot be read. */
export async function readPrices(path: string): Promise<Prices> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw systemError(error, `cannot read ${quoted(path)}`);
  }
  try {
    return pricesOf(JSON.parse(text));
  } catch (error) {
    const why = error instanceof KsmdError ? error.message : 'it is no JSON';
    throw new KsmdError('EINVAL', `${quoted(path)}: ${why}; 'ksmd calibrate' writes such files`);
  }
}
