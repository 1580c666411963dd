/** Names and what they stand for, one idea a row: what is too long goes on below, between words. */
import type { Row } from '../../wording/row.js';

const GAP = 2;
/** Text that has less room is no longer read. */
const LEAST_ROOM = 20;
/** A blank, but not the one between a number and its unit, nor those around ±. */
const BLANK = /(?<!±) (?!±|(?:[KMGT]?i?B|[num]?s|min|h|%)(?!\w))/;

/** Lines of at most so many columns, but for words that are longer. */
export function rows(entries: readonly Row[], columns: number): string[] {
  const width = Math.max(...entries.map(([name]) => name.length)) + GAP;
  const room = Math.max(LEAST_ROOM, columns - width);
  return entries.flatMap(([name, text]) =>
    wrapped(text, room).map((line, at) => (at === 0 ? name : '').padEnd(width) + line),
  );
}

/**
 * Sentences, each on lines of its own. A line end in one is where it ends its line where there is
 * room for any: in a pipe or a file.
 */
export function prose(sentences: readonly string[], columns: number): string[] {
  return sentences.flatMap((sentence) =>
    Number.isFinite(columns)
      ? wrapped(sentence.replaceAll('\n', ' '), columns)
      : sentence.split('\n'),
  );
}

/** One text below another, a little to the right of it; where it goes on, further still. */
export function indented(text: string, columns: number): string[] {
  return wrapped(text, columns - 2 * GAP).map(
    (line, at) => `${' '.repeat(at === 0 ? 2 : 4)}${line}`,
  );
}

/** Lines, each as far to the right as it is; where one goes on below, a little further. */
export function hanging(lines: readonly string[], columns = Number.POSITIVE_INFINITY): string[] {
  return lines.flatMap((line) => {
    if (line.length <= columns) return [line];
    const text = line.trimStart();
    const indent = line.length - text.length;
    return wrapped(text, columns - indent - GAP).map(
      (part, at) => ' '.repeat(indent + (at === 0 ? 0 : GAP)) + part,
    );
  });
}

/** One text, on lines of at most so many columns. */
export function wrapped(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BLANK)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || longer.length <= room) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}
