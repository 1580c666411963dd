/** A word as it may be copied into a shell's command line. */

/** What no shell takes for anything else. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** In single quotes where it has to be; one that begins like an option is named as a file here. */
export function shellWord(path: string): string {
  const file = path.startsWith('-') ? `./${path}` : path;
  return PLAIN.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
}
