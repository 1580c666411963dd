/**
 * Text from elsewhere (a file's name, what stands in a file, what an error quotes) as it may stand
 * in a line: on a terminal, in the log, in an answer.
 *
 * A control character commands a terminal, a line end begins a line that nobody wrote, and what is
 * not seen (bidirectional controls among it) has the rest read as something else. Each is written
 * as JSON writes it, so that what was JSON says the same as before.
 */

/** Controls, formats, line and paragraph separators, halves of a character. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** As long as a name may be. */
const MOST_QUOTED = 64;

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** The same of a text of several lines, which stay lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** A word from elsewhere, cut if it is too long for a sentence. */
export function shortened(text: string): string {
  return text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED)}…` : text;
}

/** The same as a sentence names it: 'word'. */
export function quoted(text: string): string {
  return `'${shortened(text)}'`;
}

/**
 * The same as one word of a command line that people are to copy: in double quotes if need be, as
 * single ones stand around the command line.
 */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text.replace(/[\\"$`]/g, '\\$&')}"`;
}

function escaped(character: string): string {
  const short = JSON.stringify(character).slice(1, -1);
  if (short !== character) return short;
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
