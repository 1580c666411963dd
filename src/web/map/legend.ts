/**
 * What the colours mean, how many pages are in each state, and a way to make those of one state
 * stand out.
 */
import { element, made, say } from '../elements.js';
import { count } from '../wording.js';
import type { Mirror } from './mirror.js';
import { STATE_LOOKS, STATE_ORDER } from './page-states.js';

export class Legend {
  private readonly list = element('legend', HTMLUListElement);
  private readonly counts = new Map<string, HTMLElement>();
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private meant: string | undefined;

  /** `onMean` is told the state that is to stand out, or undefined for none. */
  constructor(private readonly onMean: (state: string | undefined) => void) {
    for (const state of STATE_ORDER) {
      const button = made('button');
      button.type = 'button';
      button.title = STATE_LOOKS[state].meaning;
      button.setAttribute('aria-pressed', 'false');
      const swatch = made('span', '', 'swatch');
      swatch.dataset.state = state;
      const number = made('span', '0', 'count');
      button.append(swatch, made('span', STATE_LOOKS[state].label), number);
      button.addEventListener('click', () => this.mean(state === this.meant ? undefined : state));
      this.counts.set(state, number);
      this.buttons.set(state, button);
      const item = made('li');
      item.append(button);
      this.list.append(item);
    }
    const key = made('li', '', 'key');
    key.append(made('span', '', 'mark scanner'), made('span', 'where the scanner goes on'));
    this.list.append(key);
  }

  /** Counts anew. Slots of no guest are untouched too, and are not counted. */
  recount({ guests, states, names }: Mirror): void {
    const pages = new Uint32Array(16);
    for (let slot = 0; slot < states.length; slot++) {
      const state = states[slot] ?? 0;
      pages[state] = (pages[state] ?? 0) + 1;
    }
    const registered = guests.reduce(
      (sum, { regions }) => sum + regions.reduce((all, region) => all + region.pages, 0),
      0,
    );
    names.forEach((name, state) => {
      const number = (pages[state] ?? 0) - (name === 'untouched' ? states.length - registered : 0);
      const shown = this.counts.get(name);
      if (shown !== undefined) say(shown, count(number));
    });
  }

  private mean(state: string | undefined): void {
    this.meant = state;
    for (const [name, button] of this.buttons)
      button.setAttribute('aria-pressed', String(name === state));
    this.onMean(state);
  }
}
