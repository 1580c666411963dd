/** What is said of one thing: a name and what it stands for, however that is laid out. */

/** A name that begins with blanks belongs to the one above. */
export type Row = readonly [name: string, text: string];

/** A row where it has something to say. */
export function rowIf(isThere: boolean, name: string, text: string): Row[] {
  return isThere ? [[name, text]] : [];
}
