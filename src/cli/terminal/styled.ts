/**
 * Colour on standard output: where it is a terminal, or FORCE_COLOR is set; never with NO_COLOR.
 */
import { styleText } from 'node:util';
import { printable } from '../../printable.js';

type OneStyle = Exclude<Parameters<typeof styleText>[0], readonly unknown[]>;
export type Style = OneStyle | readonly OneStyle[];

export interface Span {
  readonly text: string;
  readonly style?: Style;
}

/** A line that commands a terminal nothing but its styles: made here, and nowhere else. */
export type StyledLine = string & { readonly kind: 'styled' };

function styled(style: Style, text: string): string {
  // Node lets FORCE_COLOR outdo NO_COLOR, and Node 20 looks at neither where it is given several
  // styles at once.
  if (process.env.NO_COLOR) return text;
  return [style].flat().reduce<string>((styled, one) => styleText(one, styled), text);
}

/** One line of spans, cut where `columns` are full. */
export function styledLine(spans: readonly Span[], columns = Number.POSITIVE_INFINITY): StyledLine {
  let left = columns;
  const parts = spans.map(({ text, style }) => {
    const cut = printable(text).slice(0, left);
    left -= cut.length;
    return style === undefined || cut === '' ? cut : styled(style, cut);
  });
  return parts.join('') as StyledLine;
}
