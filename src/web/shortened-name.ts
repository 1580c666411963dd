/**
 * A name that is cut in the middle where it has no room: names tend to differ at their ends. How
 * much room there is the styles say; whoever shows one says the whole of it in a title.
 */
import { made } from './elements.js';

/** Of a long name, what is never cut. */
const END = 9;

export function shortenedName(name: string): HTMLElement {
  const shown = made('span', '', 'name');
  shown.append(made('span', name.slice(0, -END)), made('span', name.slice(-END)));
  return shown;
}
