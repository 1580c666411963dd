/**
 * Text as the man macros of roff want it. Every line that comes out of here is one that goes into a
 * page as it is.
 */

/**
 * Running text: nothing of it is taken for a request, and quotes and hyphens stay what they are.
 */
export function text(plain: string): string {
  const escaped = plain
    .replaceAll('\\', '\\e')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replace(/(?<![a-z])-|-(?=-)/gi, '\\-')
    .replace(
      /[^\n -~]/gu,
      (character) =>
        `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    );
  return escaped.replace(/^\./gm, '\\&.');
}

/** Text to be typed as it stands: every hyphen is a minus. */
export function literal(plain: string): string {
  return text(plain).replace(/\\?-/g, '\\-');
}

export function bold(plain: string): string {
  return `\\fB${literal(plain)}\\fR`;
}

/** A placeholder. */
export function italic(plain: string): string {
  return `\\fI${literal(plain)}\\fR`;
}

/** A section; nothing if it would be empty. */
export function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`.SH ${title}`, ...lines];
}

/** The heading of a part of a section. */
export function subsection(title: string): readonly string[] {
  return [`.SS ${text(title)}`];
}

/** A term, as bold() and italic() make it, and what it means. */
export function item(term: string, meaning: string): readonly string[] {
  return ['.TP', term, ...(meaning === '' ? ['\\&'] : [text(meaning)])];
}

export function paragraphs(plain: readonly string[]): readonly string[] {
  return plain.flatMap((paragraph, index) =>
    index === 0 ? [text(paragraph)] : ['.PP', text(paragraph)],
  );
}

/** Lines that are shown as they are. */
export function verbatim(lines: readonly string[]): readonly string[] {
  return ['.RS 4', '.nf', ...lines.map((line) => `\\&${literal(line)}`), '.fi', '.RE'];
}
