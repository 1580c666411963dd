/**
 * Counters or tunables, a row each: the name, what it is, the value in its unit, and where that is
 * not the default, the default beside it.
 */
import type { Meaning, Meanings } from '../protocol/routes/dashboard.js';
import { figure } from '../wording/amounts.js';
import { element, made, say } from './elements.js';

type Value = number | string;

interface Cells {
  readonly value: HTMLElement;
  readonly differs: HTMLElement;
  readonly meaning: Meaning | undefined;
}

export class ValuesTable {
  private readonly body: HTMLTableSectionElement;
  private readonly cells = new Map<string, Cells>();
  private values: Readonly<Record<string, Value>> = {};
  private meanings: Meanings = {};

  /** `marked`: a value that changes is marked for a moment, so that it catches the eye. */
  constructor(
    id: string,
    private readonly marked: boolean,
  ) {
    const [body] = element(id, HTMLTableElement).tBodies;
    if (body === undefined) throw new Error(`the table '${id}' has no body`);
    this.body = body;
  }

  /** All that there are. Rows that were there stay where they are. */
  begin(values: Readonly<Record<string, Value>>): void {
    this.values = {};
    if (Object.keys(values).join() !== [...this.cells.keys()].join()) this.clear();
    this.update(values);
  }

  /** What they are, whether it is known before them or after. */
  explain(meanings: Meanings): void {
    this.meanings = meanings;
    this.clear();
    this.update(this.values);
  }

  update(values: Readonly<Record<string, Value>>): void {
    this.values = { ...this.values, ...values };
    for (const [name, value] of Object.entries(values)) {
      const known = this.cells.get(name);
      const cells = known ?? this.add(name);
      const text = read(value);
      if (known !== undefined && this.marked && cells.value.textContent !== text) mark(cells.value);
      say(cells.value, text);
      const initial = cells.meaning?.initial;
      const isOther = initial !== undefined && initial !== value;
      cells.value.classList.toggle('other', isOther);
      say(cells.differs, isOther ? `default: ${read(initial)}` : '');
    }
  }

  private clear(): void {
    this.cells.clear();
    this.body.replaceChildren();
  }

  private add(name: string): Cells {
    const meaning = this.meanings[name];
    const row = made('tr');
    const head = made('th');
    head.scope = 'row';
    head.append(nameOf(name), made('small', meaning?.help ?? ''));
    const cell = made('td');
    const value = made('span', '', 'amount');
    const differs = made('small');
    cell.append(value, made('span', unitOf(meaning), 'unit'), differs);
    row.append(head, cell);
    this.body.append(row);
    const cells = { value, differs, meaning };
    this.cells.set(name, cells);
    return cells;
  }
}

/** A long name is broken between its words. */
function nameOf(name: string): HTMLElement {
  const code = made('code');
  for (const part of name.split(/(?<=_)/)) code.append(part, made('wbr'));
  return code;
}

function read(value: Value): string {
  return typeof value === 'number' ? figure(value) : value;
}

function unitOf(meaning: Meaning | undefined): string {
  return meaning?.unit === undefined ? '' : ` ${meaning.unit}`;
}

function mark(cell: HTMLElement): void {
  cell.classList.remove('changed');
  // The style is to be seen without it for once, or the animation does not begin anew.
  void cell.offsetWidth;
  cell.classList.add('changed');
  cell.addEventListener('animationend', () => cell.classList.remove('changed'), { once: true });
}
