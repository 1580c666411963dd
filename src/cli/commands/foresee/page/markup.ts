/**
 * Markup of which no text can be a part: html`<td>${text}</td>` has the text as it reads, whatever
 * is in it. Only what was made so itself stands as it is.
 */
import { printable } from '../../../../printable.js';

export class Markup {
  private constructor(readonly source: string) {}

  static of(parts: TemplateStringsArray, values: readonly Value[]): Markup {
    return new Markup(String.raw({ raw: parts }, ...values.map(sourceOf)));
  }
}

type Value = string | Markup | readonly Markup[];

export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return Markup.of(parts, values);
}

/** Text between tags, or between the quotes of an attribute. */
export function escaped(text: string): string {
  return text
    .split('\n')
    .map(printable)
    .join('\n')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function sourceOf(value: Value): string {
  if (typeof value === 'string') return escaped(value);
  return value instanceof Markup ? value.source : value.map(({ source }) => source).join('');
}
