/**
 * A page that `ksmd predict --html` or `ksmd shared --html` has written, shown in the dashboard:
 * its text and tables, and what is drawn of its data: the curves, or the heat map.
 *
 * The file is somebody's, and this page may ask the daemon for everything that can be looked at. So
 * nothing of the file is obeyed: it is parsed where no script runs and nothing is loaded, elements
 * of a few names are made anew, without any attribute, and text goes in as text. Its own script
 * stays out: scripts of the dashboard draw, and only data that is just what ksmd writes.
 */
import type UPlot from 'uplot';
import { element, made, say } from './elements.js';
import { HeatMap } from './heat-map/heat-map.js';
import type { HeatMapData } from './heat-map/heat-map-data.js';
import { PredictionCharts } from './prediction/charts.js';
import { areCurves } from './prediction/checked-curves.js';
import type { Curves } from './prediction/curves.js';

/** A script of its own in the page. */
declare const uPlot: typeof UPlot;

const MOST_BYTES = 64 * 2 ** 20;
/** More guests ksmd does not compare; the map has room for each two of them. */
const MOST_GUESTS = 2000;

/** What is copied, and as what: headings go below those of the dashboard. */
const COPIED: Readonly<Record<string, keyof HTMLElementTagNameMap>> = {
  ...{ H1: 'h3', H2: 'h4', H3: 'h5', P: 'p', UL: 'ul', OL: 'ol', LI: 'li', CODE: 'code' },
  ...{ DL: 'dl', DT: 'dt', DD: 'dd', STRONG: 'strong', DIV: 'div', SECTION: 'div', HEADER: 'div' },
  ...{ TABLE: 'table', THEAD: 'thead', TBODY: 'tbody', TR: 'tr', TH: 'th', TD: 'td', MAIN: 'div' },
};

export class OpenedPage {
  private readonly told = element('opened-told', HTMLParagraphElement);
  private readonly place = element('opened', HTMLDivElement);
  private readonly square = made('div');
  private readonly map: HeatMap;
  /** Of the file that is shown. */
  private curves: PredictionCharts | undefined;
  /** The one that was chosen last. */
  private file: File | undefined;

  constructor() {
    this.square.id = 'opened-map';
    this.map = new HeatMap(this.square);
    const choice = element('open-page', HTMLInputElement);
    choice.addEventListener('change', () => {
      const [file] = choice.files ?? [];
      // The same one, chosen again, is a change too.
      choice.value = '';
      if (file !== undefined) void this.open(file);
    });
  }

  private async open(file: File): Promise<void> {
    this.file = file;
    this.curves?.remove();
    this.curves = undefined;
    this.place.replaceChildren();
    if (file.size > MOST_BYTES) {
      say(this.told, `${file.name} is larger than any page that ksmd writes.`);
      return;
    }
    try {
      const text = await file.text();
      if (file === this.file) this.show(file, text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (file === this.file) say(this.told, `${file.name} cannot be read: ${why}`);
    }
  }

  private show(file: File, text: string): void {
    const page = new DOMParser().parseFromString(text, 'text/html');
    const json = page.querySelector('script#data[type="application/json"]')?.textContent;
    if (json == null) {
      say(this.told, `${file.name} is no page that ksmd predict or ksmd shared has written.`);
      return;
    }
    const data = parsed(json);
    const isDrawn = isHeatMapData(data) || areCurves(data);
    say(
      this.told,
      isDrawn
        ? `${file.name}, as it was written.`
        : `${file.name}, as it was written. What it draws is seen where the file itself is opened.`,
    );
    if (isHeatMapData(data) && data.names.length > 1) {
      this.place.append(this.square);
      this.map.show(data);
    }
    if (areCurves(data)) this.draw(data, page);
    const copy = made('div');
    copyInto(copy, page.body);
    for (const [at, around] of copy.querySelectorAll('.scrolled').entries())
      around.ariaLabel = `Table ${at + 1} of the page opened`;
    this.place.append(copy);
  }

  private draw(curves: Curves, page: Document): void {
    const place = made('div');
    this.place.append(place);
    this.curves = new PredictionCharts(place, uPlot, curves);
    // What the file says of its curves stands where nothing is seen without its script.
    for (const each of page.querySelectorAll('#curves > .hint')) {
      const hint = made('p', '', 'hint');
      copyInto(hint, each);
      this.place.append(hint);
    }
  }
}

function copyInto(target: HTMLElement, source: Node): void {
  for (const node of source.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) target.append(node.textContent ?? '');
    if (!(node instanceof HTMLElement) || node.hidden) continue;
    const name = COPIED[node.tagName];
    if (name === undefined) continue;
    const copy = made(name);
    copyInto(copy, node);
    if (copy instanceof HTMLTableCellElement && name === 'th')
      copy.scope = node.closest('thead') === null ? 'row' : 'col';
    if (copy instanceof HTMLTableElement) target.append(scrolled(copy));
    else target.append(copy);
  }
}

function scrolled(table: HTMLTableElement): HTMLElement {
  const around = made('section', '', 'scrolled');
  around.tabIndex = 0;
  around.append(table);
  return around;
}

/** Undefined if it is no JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isHeatMapData(data: unknown): data is HeatMapData {
  if (typeof data !== 'object' || data === null) return false;
  const { names, bytes, withOthersBytes, pairs, groups } = data as Record<string, unknown>;
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) return false;
  const areNumbers = (list: unknown, most = Number.MAX_SAFE_INTEGER): list is number[] =>
    Array.isArray(list) && list.every((each) => Number.isFinite(each) && each >= 0 && each <= most);
  if (names.length > MOST_GUESTS) return false;
  const last = names.length - 1;
  return (
    areNumbers(bytes) &&
    bytes.length === names.length &&
    areNumbers(withOthersBytes) &&
    withOthersBytes.length === names.length &&
    areNumbers(pairs) &&
    pairs.length % 3 === 0 &&
    pairs.every((each, at) => at % 3 === 2 || (Number.isInteger(each) && each <= last)) &&
    Array.isArray(groups) &&
    groups.every((group) => areNumbers(group, last) && group.every(Number.isInteger))
  );
}
