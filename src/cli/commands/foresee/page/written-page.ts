/** A page in a file, whole or not at all. One of ksmd's that was there before is replaced. */
import { type FileKind, writeWhole } from '../../record/whole-file.js';

/** In the head of every page, and of no other. */
export const OWN_MARK = '<meta name="generator" content="ksmd"';

const PAGE: FileKind = {
  what: "page of ksmd's",
  mode: 0o600,
  isBegunBy: (head) => head.includes(OWN_MARK),
};

/** Nothing is asked of `tell` where the page cannot be written: EEXIST if another file is there. */
export function writePage<Told>(
  path: string,
  tell: () => Promise<Told>,
  pageOf: (told: Told) => Promise<string>,
): Promise<Told> {
  return writeWhole(path, PAGE, async (file) => {
    const told = await tell();
    await file.writeFile(await pageOf(told));
    return told;
  });
}
