/** Counters or tunables: a name and a value a row. */
import { element, made, say } from './elements.js';
import { count } from './wording.js';

export class ValuesTable {
  private readonly body: HTMLTableSectionElement;
  private readonly cells = new Map<string, HTMLElement>();

  /** `marked`: a value that changes is marked for a moment, so that it catches the eye. */
  constructor(
    id: string,
    private readonly marked: boolean,
  ) {
    const [body] = element(id, HTMLTableElement).tBodies;
    if (body === undefined) throw new Error(`the table '${id}' has no body`);
    this.body = body;
  }

  clear(): void {
    this.cells.clear();
    this.body.replaceChildren();
  }

  update(values: Readonly<Record<string, number | string>>): void {
    for (const [name, value] of Object.entries(values)) {
      const text = typeof value === 'number' ? count(value) : value;
      const cell = this.cells.get(name);
      if (cell === undefined) this.add(name, text);
      else {
        say(cell, text);
        if (this.marked) this.mark(cell);
      }
    }
  }

  private add(name: string, text: string): void {
    const row = made('tr');
    const head = made('th', name);
    head.scope = 'row';
    const cell = made('td', text);
    row.append(head, cell);
    this.body.append(row);
    this.cells.set(name, cell);
  }

  private mark(cell: HTMLElement): void {
    cell.classList.remove('changed');
    // The style is to be seen without it for once, or the animation does not begin anew.
    void cell.offsetWidth;
    cell.classList.add('changed');
    cell.addEventListener('animationend', () => cell.classList.remove('changed'), { once: true });
  }
}
