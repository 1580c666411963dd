/** A text as a shell takes it for one word, in a command line that people are to copy. */

/** In double quotes, as single ones stand around the command line itself. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text.replace(/[\\"$`]/g, '\\$&')}"`;
}
