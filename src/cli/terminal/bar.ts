/** A bar of several parts, htop's way; they differ in their signs as well as in their colours. */
import type { Span, Style } from './styled.js';

export interface BarPart {
  /** Of the whole bar. */
  readonly share: number;
  readonly sign: string;
  readonly style: Style;
}

/** In brackets, `width` columns with them; what parts have beyond the whole is left out. */
export function bar(parts: readonly BarPart[], width: number): Span[] {
  const room = Math.max(0, width - 2);
  const spans: Span[] = [{ text: '[' }];
  let upTo = 0;
  let drawn = 0;
  for (const { share, sign, style } of parts) {
    upTo += share;
    const end = Math.max(drawn, Math.min(room, Math.round(upTo * room)));
    spans.push({ text: sign.repeat(end - drawn), style });
    drawn = end;
  }
  return [...spans, { text: ' '.repeat(room - drawn) }, { text: ']' }];
}
