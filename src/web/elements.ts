/** Elements of the page. */

/** The element of that id, which the page has. */
export function element<Wanted extends HTMLElement>(id: string, kind: new () => Wanted): Wanted {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${kind.name} '${id}'`);
  return found;
}

/** A new element with text in it. What comes from outside is text, never markup. */
export function made<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text = '',
  className = '',
): HTMLElementTagNameMap[Name] {
  const added = document.createElement(name);
  if (text !== '') added.textContent = text;
  if (className !== '') added.className = className;
  return added;
}

/** Sets a text only where it is another one: unchanged text costs no layout. */
export function say(shown: HTMLElement, text: string): void {
  if (shown.textContent !== text) shown.textContent = text;
}
