/**
 * What the colours mean, how many pages are of each, and a way to make those of one stand out.
 *
 * One stop of the Tab key: arrow keys go from class to class, Enter makes its pages stand out and
 * Escape takes that back. What the class under the pointer or the focus is stands in a line that
 * has its place also when it is empty.
 */
import { figure } from '../../wording/amounts.js';
import { element, made, say } from '../elements.js';
import type { ShownClass } from './colours.js';

interface ShownClasses {
  readonly classes: readonly ShownClass[];
  readonly what: string;
  readonly word: string;
}

interface Entry {
  readonly shown: ShownClass;
  readonly button: HTMLButtonElement;
  readonly number: HTMLElement;
}

export class Legend {
  private readonly list = element('legend', HTMLUListElement);
  private readonly told = element('legend-told', HTMLParagraphElement);
  private entries: readonly Entry[] = [];
  /** What the line says when nothing is pointed at. */
  private word = '';
  private meant: number | undefined;
  /** What the classes are by. */
  private what = '';

  /** `onMean` is told the class that is to stand out, or undefined for none. */
  constructor(private readonly onMean: (value: number | undefined) => void) {
    this.list.addEventListener('keydown', (event) => this.onKey(event));
    for (const away of ['pointerleave', 'focusout'])
      this.list.addEventListener(away, () => this.tell());
  }

  /**
   * These are the classes now. `what`: what they are by, and as long as that is so one that stands
   * out goes on to, wherever it is. `word`: what else there is to say of them.
   */
  show({ classes, what, word }: ShownClasses): void {
    this.word = word;
    const isSame =
      classes.length === this.entries.length &&
      classes.every(({ value, look }, i) => {
        const before = this.entries[i]?.shown;
        return before?.value === value && before.look.label === look.label;
      });
    if (!isSame) this.fill(classes, what === this.what);
    this.what = what;
    for (const [i, { pages }] of classes.entries()) {
      const number = this.entries[i]?.number;
      if (number !== undefined) say(number, figure(pages));
    }
    this.tell();
  }

  private fill(classes: readonly ShownClass[], isKept: boolean): void {
    const meant = this.entries.find(({ shown }) => shown.value === this.meant)?.shown.look.label;
    const at = this.entries.findIndex(({ button }) => button === document.activeElement);
    this.entries = classes.map((shown) => this.entryOf(shown));
    const key = made('li', '', 'key');
    key.append(made('span', '', 'mark scanner'), made('span', 'the scanner'));
    this.list.replaceChildren(
      ...this.entries.map(({ button }) => {
        const item = made('li');
        item.append(button);
        return item;
      }),
      key,
    );
    this.stopAt(Math.max(0, at));
    if (at >= 0) this.entries[Math.min(at, this.entries.length - 1)]?.button.focus();
    const again = isKept ? classes.find(({ look }) => look.label === meant) : undefined;
    if (this.meant !== undefined) this.mean(again?.value);
  }

  private entryOf(shown: ShownClass): Entry {
    const { look, value } = shown;
    const button = made('button');
    button.type = 'button';
    button.setAttribute('aria-pressed', 'false');
    button.setAttribute('aria-description', look.meaning);
    const swatch = made('span', '', 'swatch');
    swatch.style.background = `light-dark(${look.light}, ${look.dark})`;
    const number = made('span', '', 'count');
    button.append(swatch, made('span', look.label, 'label'), number);
    button.addEventListener('click', () => this.mean(value === this.meant ? undefined : value));
    for (const come of ['pointerenter', 'focus'])
      button.addEventListener(come, () => this.tell(shown));
    return { shown, button, number };
  }

  private onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { entries } = this;
    const at = entries.findIndex(({ button }) => button === document.activeElement);
    const last = entries.length - 1;
    const next: Record<string, number> = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowDown: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      ArrowUp: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    };
    const to = next[event.key];
    if (to !== undefined) {
      this.stopAt(to);
      entries[to]?.button.focus();
    } else if (event.key === 'Escape') this.mean(undefined);
    else return;
    event.preventDefault();
  }

  /** Which of them the Tab key comes to. */
  private stopAt(at: number): void {
    for (const [i, { button }] of this.entries.entries()) button.tabIndex = i === at ? 0 : -1;
  }

  /** What that class is; else what stands out; else the word. */
  private tell(shown?: ShownClass): void {
    const meant = this.entries.find((entry) => entry.shown.value === this.meant)?.shown;
    const told = shown ?? meant;
    say(this.told, told === undefined ? this.word : `${told.look.label}: ${told.look.meaning}`);
  }

  private mean(value: number | undefined): void {
    this.meant = value;
    for (const [i, { shown, button }] of this.entries.entries()) {
      button.setAttribute('aria-pressed', String(shown.value === value));
      if (shown.value === value) this.stopAt(i);
    }
    this.tell(this.entries.find(({ button }) => button === document.activeElement)?.shown);
    this.onMean(value);
  }
}
