/**
 * Colour on standard output: where it is a terminal, or FORCE_COLOR is set; never with NO_COLOR.
 */
import { styleText } from 'node:util';

type OneStyle = Exclude<Parameters<typeof styleText>[0], readonly unknown[]>;
export type Style = OneStyle | readonly OneStyle[];

export interface Span {
  readonly text: string;
  readonly style?: Style;
}

export function styled(style: Style, text: string): string {
  // Node lets FORCE_COLOR outdo NO_COLOR, and Node 20 looks at neither where it is given several
  // styles at once.
  if (process.env.NO_COLOR) return text;
  return [style].flat().reduce<string>((styled, one) => styleText(one, styled), text);
}

/** One line of spans, cut where `columns` are full. */
export function styledLine(spans: readonly Span[], columns: number): string {
  let left = columns;
  const parts = spans.map(({ text, style }) => {
    const cut = text.slice(0, left);
    left -= cut.length;
    return style === undefined || cut === '' ? cut : styled(style, cut);
  });
  return parts.join('');
}
