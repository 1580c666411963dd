/** What a kernel does not tell whoever follows processes, in lines that fit a terminal. */
import { indented } from '../../terminal/rows.js';

/** As `PageTable` has them. */
export interface Telling {
  readonly tellsFrames: boolean;
  readonly tellsKinds: boolean;
}

export function notTold({ tellsFrames, tellsKinds }: Telling, columns: number): string[] {
  const sentences = [
    ...(tellsFrames
      ? []
      : [
          'forks are told by the exclusive bit: what something else maps too, at the same place ' +
            'and with equal bytes, is taken for theirs. Frames have numbers for CAP_SYS_ADMIN ' +
            'alone',
        ]),
    ...(tellsKinds
      ? []
      : ['huge pages and the zero page are not told from others: that takes CAP_SYS_ADMIN']),
  ];
  return sentences.flatMap((sentence) => indented(sentence, columns));
}
