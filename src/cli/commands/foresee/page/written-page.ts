/**
 * A page in a file, whole or not at all. One of ksmd's that was there before is replaced, and so is
 * an empty file; what is anything else is nobody's to lose.
 */
import { open, stat } from 'node:fs/promises';
import { KsmdError, systemError } from '../../../../errors.js';
import { quoted } from '../../../../printable.js';
import { writeWhole } from '../../record/whole-file.js';

/** In the head of every page, and of no other. */
export const OWN_MARK = '<meta name="generator" content="ksmd"';
/** The head is within so many bytes. */
const HEAD_BYTES = 1024;

/** Nothing is asked of `tell` where the page cannot be written: EEXIST if another file is there. */
export async function writePage<Told>(
  path: string,
  tell: () => Promise<Told>,
  pageOf: (told: Told) => Promise<string>,
): Promise<Told> {
  if (!(await isOursOrNone(path)))
    throw new KsmdError('EEXIST', `${quoted(path)} is there, and is no page of ksmd's`);
  return writeWhole(path, async (file) => {
    const told = await tell();
    await file.writeFile(await pageOf(told));
    return told;
  });
}

/** What is no file, a device or a pipe, is written to. */
async function isOursOrNone(path: string): Promise<boolean> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isFile() !== true || there.size === 0) return true;
  const file = await open(path).catch((error: unknown) => {
    throw systemError(error, `cannot read ${quoted(path)}`);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString('latin1', 0, bytesRead).includes(OWN_MARK);
  } finally {
    await file.close();
  }
}
