/**
 * What the map is coloured by, as chosen beside its title. States come with the live stream. All
 * else the daemon has to look at every page for: it is asked when a mode is chosen, and then
 * seldom, and the line below the legend says as of when that is.
 */
import type { PageClassing } from '../../names.js';
import type { MapGuest } from '../../protocol/routes/live.js';
import type { PageClasses } from '../../protocol/routes/page-classes.js';
import { applyRunLengths } from '../../protocol/run-lengths.js';
import { element } from '../elements.js';
import { Rest } from '../rest.js';
import { clock } from '../wording.js';
import { carriedClasses } from './carried-classes.js';
import { looksOf, rankOf } from './class-looks.js';
import type { Colours, ShownClass } from './colours.js';
import type { Mirror } from './mirror.js';
import { StateColours } from './state-colours.js';

const WORDS: Readonly<Record<PageClassing, (about: string) => string>> = {
  sharers: () => 'By how many pages map the same frame',
  zeroes: () => 'Zeroes apart from all else',
  age: () => 'By visits that smart scan has counted',
  guest: (about) => `With whom ${about} shares; a page of another guest, chosen, shows its`,
};

type Mode = 'state' | PageClassing;
const MODES: readonly string[] = ['state', ...Object.keys(WORDS)];

function isMode(value: string): value is Mode {
  return MODES.includes(value);
}

export interface ColoursListener {
  /** Pages may be of other classes, or classes of other colours. */
  onColours(): void;
  /** There is something else to say of the colours, or they are of other numbers of pages. */
  onWord(): void;
}

export class ColourModes implements Colours {
  /** What there is to say of the colours. */
  word = '';
  /** What they tell: a mode, and the guest that it is about. */
  what = 'state ';
  private readonly section = element('map-section', HTMLElement);
  private readonly select = element('colour-by', HTMLSelectElement);
  private readonly states: StateColours;
  private mode: Mode = 'state';
  /** What is shown; states unless the daemon has answered for another mode. */
  private shown: Colours;
  /** The guest that was chosen last. */
  private chosen = '';
  private readonly rest = new Rest();
  /** Those whose slots the colours are of. */
  private guests: readonly MapGuest[] = [];
  /** What was seen may be of other pages than there are. */
  private isOfOthers = false;

  constructor(
    private readonly mirror: Mirror,
    private readonly ask: (path: string) => Promise<PageClasses>,
    private readonly listener: ColoursListener,
  ) {
    this.states = new StateColours(mirror);
    this.shown = this.states;
    this.select.addEventListener('change', () => this.choose());
    // What a browser has kept of before.
    this.select.value = this.mode;
  }

  get values(): Uint8Array {
    return this.shown.values;
  }

  get classes(): readonly ShownClass[] {
    return this.shown.classes;
  }

  get areLive(): boolean {
    return this.shown.areLive;
  }

  /** There may be another daemon: what is not live is grey until that one has been asked. */
  begin(): void {
    if (!this.areLive) this.section.dataset.stale = '';
    this.isOfOthers = true;
    this.rest.begin();
  }

  /** Counts states anew. */
  recount(): void {
    this.states.recount();
    if (!this.areLive) return;
    if (this.mode === 'state') this.word = 'Each page by its state, as it changes.';
    this.listener.onWord();
  }

  /** To be called with each sample. */
  update(): void {
    if (this.rest.isOver(this.isOfOthers ? 0 : undefined)) void this.look();
  }

  /** Guests or regions are others: what was seen of them may be of pages that are gone. */
  rearranged(): void {
    this.isOfOthers = true;
    const { shown, mirror } = this;
    if (!shown.areLive) {
      const { classes, areLive } = shown;
      const values = carriedClasses(shown.values, this.guests, mirror.guests, mirror.states.length);
      this.shown = { values, classes, areLive };
    }
    this.guests = mirror.guests;
  }

  /** A page of that guest is chosen. */
  goTo(guest: string): void {
    this.chosen = guest;
    if (this.mode === 'guest' && this.what !== `guest ${guest}`) void this.look();
  }

  private choose(): void {
    const { value } = this.select;
    if (!isMode(value)) return;
    this.mode = value;
    if (value === 'state') {
      this.show(this.states, 'state ');
      this.recount();
      return;
    }
    this.say('Looking at all pages …');
    void this.look();
  }

  /** The guest that is told of: the first one unless another was chosen. */
  private get about(): string {
    const names = this.mirror.guests.map(({ name }) => name);
    return names.includes(this.chosen) ? this.chosen : (names[0] ?? '');
  }

  private async look(): Promise<void> {
    const { mode, about } = this;
    // What is chosen meanwhile is asked for then.
    if (mode === 'state' || this.rest.isAwaited) return;
    if (mode === 'guest' && about === '') {
      this.show({ values: new Uint8Array(0), classes: [], areLive: false }, 'guest ');
      this.say('There is no guest.');
      return;
    }
    try {
      const guest = mode === 'guest' ? `&guest=${encodeURIComponent(about)}` : '';
      const path = `/v1/map/classes?by=${mode}${guest}`;
      const answer = await this.rest.look(() => this.ask(path));
      if (answer === undefined) return;
      if (mode === this.mode) this.take(answer);
    } catch (error) {
      if (mode === this.mode)
        this.say(`Not known: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (mode !== this.mode || (mode === 'guest' && about !== this.about)) void this.look();
  }

  private take({ by, guest = '', lookedAtMs, classes, slots, runs }: PageClasses): void {
    // Guests have come or gone meanwhile: it is asked for again.
    this.isOfOthers = slots !== this.mirror.states.length;
    if (this.isOfOthers) return;
    const values = new Uint8Array(slots);
    applyRunLengths(runs, values, () => {});
    const looks = looksOf(by, classes, guest);
    const ranked = classes
      .flatMap(({ kind, pages }, value) => {
        const look = looks[value];
        return look === undefined ? [] : [{ rank: rankOf(kind), shown: { value, look, pages } }];
      })
      .sort((a, b) => a.rank - b.rank);
    const shown = { values, classes: ranked.map((each) => each.shown), areLive: false };
    this.show(shown, `${by} ${guest}`);
    this.say(`As of ${clock(lookedAtMs)}. ${WORDS[by](guest)}.`);
  }

  private show(colours: Colours, what: string): void {
    this.shown = colours;
    this.what = what;
    delete this.section.dataset.stale;
    this.listener.onColours();
  }

  private say(word: string): void {
    this.word = word;
    this.listener.onWord();
  }
}
