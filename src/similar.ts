/**
 * The names that were probably meant by one that there is not, as commander tells them of commands
 * and options. What it goes by is its own affair: this is the same rule for all other names.
 */

/** More edits than these make another word. */
const MOST_EDITS = 3;
/** A word of which more is edited is another one, too. */
const MOST_EDITED = 0.6;

/** Of many that are as like it. */
const MOST_NAMED = 5;

/** In brackets, a blank before them; empty if none of the names is like it. */
export function didYouMean(word: string, names: readonly string[]): string {
  for (let edits = 1; edits <= MOST_EDITS; edits++) {
    const similar = names.filter(
      (name) =>
        edits < MOST_EDITED * Math.max(word.length, name.length) && isWithin(edits, word, name),
    );
    if (similar.length > 0) {
      const named = similar.slice(0, MOST_NAMED).join(', ');
      const more = similar.length > MOST_NAMED ? ', …' : '';
      return ` (Did you mean ${similar.length > 1 ? 'one of ' : ''}${named}${more}?)`;
    }
  }
  return '';
}

/** Whether so many letters left out, put in, changed or swapped with the next make b of a. */
function isWithin(edits: number, a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > edits) return false;
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const [left, right] = [a.slice(same), b.slice(same)];
  if (left === right) return true;
  if (edits === 0) return false;
  const [left1, right1] = [left.slice(1), right.slice(1)];
  return (
    isWithin(edits - 1, left1, right1) ||
    isWithin(edits - 1, left1, right) ||
    isWithin(edits - 1, left, right1) ||
    (left[0] === right[1] &&
      left[1] === right[0] &&
      isWithin(edits - 1, left.slice(2), right.slice(2)))
  );
}
