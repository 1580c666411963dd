/** An image of memory, whatever its format: what is in the file says which. */
import { KsmdError } from '../../errors.js';
import { DEFAULT_PAGE_SIZE } from '../../names.js';
import { openRegularFile } from '../regular-file.js';
import type { Source } from '../source.js';
import { RawImage } from './raw.js';

/** EINVAL if it is none that can be read. */
export async function openImage(path: string): Promise<Source> {
  const { file, length } = await openRegularFile(path);
  try {
    if (length === 0) throw new KsmdError('EINVAL', `${path} is empty`);
    if (length % DEFAULT_PAGE_SIZE !== 0)
      throw new KsmdError(
        'EINVAL',
        `${path} is no image of memory: ${length} bytes are no whole number of pages of ` +
          `${DEFAULT_PAGE_SIZE}`,
      );
    return new RawImage(file, length);
  } catch (error) {
    await file.close();
    throw error;
  }
}
