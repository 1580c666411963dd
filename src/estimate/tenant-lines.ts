/**
 * Whose guests are whose: lines `PATTERN TENANT`, where `*` of a pattern stands for anything, and
 * the first that fits counts. Lines that begin with # are none.
 */
import { KsmdError } from '../errors.js';
import { quoted } from '../printable.js';

/**
 * `of`: what the lines are called. EINVAL names the line that says nothing; the answer is EINVAL
 * for who fits no line.
 */
export function tenantsBy(text: string, of: string): (guest: string) => string {
  const lines = text.split('\n').flatMap((line, at) => {
    if (/^\s*(#.*)?$/.test(line)) return [];
    const [pattern = '', tenant = '', ...more] = line.trim().split(/\s+/);
    if (tenant === '' || more.length > 0)
      throw new KsmdError(
        'EINVAL',
        `line ${at + 1} of ${of} is not 'PATTERN TENANT': ${quoted(line.trim())}`,
      );
    return [{ parts: pattern.split('*'), tenant }];
  });
  return (guest) => {
    const line = lines.find(({ parts }) => fits(guest, parts));
    if (line === undefined)
      throw new KsmdError(
        'EINVAL',
        `no line of ${of} says whose ${quoted(guest)} is: end it with '* TENANT'`,
      );
    return line.tenant;
  };
}

/** Whether a name is these parts in their order, with anything between two of them. */
function fits(name: string, [first = '', ...others]: readonly string[]): boolean {
  const last = others.pop();
  if (last === undefined) return name === first;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return at + last.length <= name.length;
}
