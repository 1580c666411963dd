/** Colours by state: live, as the mirror is. */
import type { Colours, ShownClass } from './colours.js';
import type { Mirror } from './mirror.js';
import { lookOf, STATE_ORDER } from './page-states.js';

export class StateColours implements Colours {
  readonly areLive = true;
  classes: readonly ShownClass[] = [];

  constructor(private readonly mirror: Mirror) {}

  get values(): Uint8Array {
    return this.mirror.states;
  }

  /** Counts anew. Slots of no guest are untouched too, and are not counted. */
  recount(): void {
    const { guests, states, names } = this.mirror;
    const pages = new Uint32Array(16);
    for (let slot = 0; slot < states.length; slot++) {
      const state = states[slot] ?? 0;
      pages[state] = (pages[state] ?? 0) + 1;
    }
    const registered = guests.reduce(
      (sum, { regions }) => sum + regions.reduce((all, region) => all + region.pages, 0),
      0,
    );
    const rank = (name: string): number => (STATE_ORDER as readonly string[]).indexOf(name);
    this.classes = names
      .map((name, value) => ({ name, value }))
      .sort((a, b) => rank(a.name) - rank(b.name))
      .map(({ name, value }) => ({
        value,
        look: lookOf(name),
        pages: (pages[value] ?? 0) - (name === 'untouched' ? states.length - registered : 0),
      }));
  }
}
