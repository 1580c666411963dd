/** The dashboard: what the daemon tells, put where it belongs. Changes nothing in the daemon. */
import type { ErrorAnswer } from '../protocol/error-answer.js';
import type { Sample } from '../protocol/history.js';
import type { Meanings } from '../protocol/routes/dashboard.js';
import type { LiveEvent, PageMapAnswer } from '../protocol/routes/live.js';
import type { PageClasses } from '../protocol/routes/page-classes.js';
import type { Shared } from '../protocol/routes/shared.js';
import type { Status } from '../protocol/routes/status.js';
import { Charts } from './charts.js';
import { element, say } from './elements.js';
import { Feed } from './feed.js';
import { Figures, RATES_OVER } from './figures.js';
import { GuestTable } from './guest-table.js';
import { ColourModes } from './map/colour-modes.js';
import { Legend } from './map/legend.js';
import { MapPointing } from './map/map-pointing.js';
import { MapView } from './map/map-view.js';
import { Mirror } from './map/mirror.js';
import { OpenedPage } from './opened-page.js';
import { Seldom } from './seldom.js';
import { SharingCard } from './sharing-card.js';
import { Staleness } from './staleness.js';
import { ValuesTable } from './values-table.js';
import { lookForVerdict, VerdictTile } from './verdict-tile.js';

const WARNING_MS = 10_000;
/** A look at every page of a large machine takes less. */
const MOST_ANSWER_MS = 120_000;

const main = element('main', HTMLElement);
const notice = element('notice', HTMLParagraphElement);
const pill = element('scanner', HTMLParagraphElement);
const staleness = new Staleness();
const figures = new Figures();
const verdict = new VerdictTile();
const verdicts = new Seldom(
  () => lookForVerdict(fetchJson),
  (look) => verdict.show(look),
);
const charts = new Charts();
const counters = new ValuesTable('counters', false);
const tunables = new ValuesTable('tunables', true);
/** Tunables, and what the scanner does: another verdict may follow from others. */
let settings: Record<string, number | string> = {};
/** Counters that have changed since the last sample: nobody reads them more often. */
let freshCounters: Record<string, number | string> = {};
let recountDue = false;
/** The next that the stream says of counters and tunables is all of them. */
let isWhole = true;

const mirror = new Mirror(() => fetchJson<PageMapAnswer>('/v1/map'), {
  onMap: () => {
    recount();
    colours.rearranged();
    view.rearrange();
    pointing.rearranged();
    guests.fill(mirror.guests, mirror.pageSize);
  },
  onPages: (from, to) => {
    if (colours.areLive) view.pagesChanged(from, to);
    recountDue = true;
  },
  onChanged: () => view.show(),
  onGuests: (places) => guests.update(mirror.guests, places),
  onFailure: () => feed.restart(),
});
const colours = new ColourModes(mirror, (path) => fetchJson<PageClasses>(path), {
  onColours: () => view.repaint(),
  onWord: () => legend.show(colours),
});
const view = new MapView(mirror, colours);
const pointing = new MapPointing(view, mirror, (guest) => colours.goTo(guest));
const legend = new Legend((value) => view.mean(value));
const guests = new GuestTable((name) => pointing.goToGuest(name));

new OpenedPage();
const sharing = new SharingCard(() => fetchJson<Shared>('/v1/shared'));

const feed = new Feed('/v1/live', {
  onOpen: () => {
    tell(undefined);
    isWhole = true;
    freshCounters = {};
    verdict.begin();
    verdicts.begin();
    sharing.begin();
    colours.begin();
    void mirror.begin();
    void about();
  },
  onEvent,
  onLost: () => {
    tell('The daemon does not answer. Trying again …', 'lost');
    showScanner('unknown');
    staleness.lost();
    main.hidden = false;
  },
});

function onEvent(event: LiveEvent): void {
  staleness.heard();
  switch (event.event) {
    case 'history':
      staleness.over();
      charts.begin(event.data);
      figures.update(charts.last(RATES_OVER));
      for (const last of event.data.slice(-1)) lookAgain(last);
      return;
    case 'sample':
      charts.add(event.data);
      figures.update(charts.last(RATES_OVER));
      lookAgain(event.data);
      void sharing.update(mirror.guests.map(({ name }) => name));
      counters.update(freshCounters);
      freshCounters = {};
      if (recountDue) recount();
      colours.update();
      return;
    case 'files':
      if (event.data.scanner !== undefined) showScanner(event.data.scanner);
      if (isWhole) {
        isWhole = false;
        counters.begin(event.data.counters);
        tunables.begin(event.data.tunables);
        main.hidden = false;
      }
      settings = { ...settings, ...event.data.tunables, scanner: pill.dataset.state ?? '' };
      tunables.update(event.data.tunables);
      freshCounters = { ...freshCounters, ...event.data.counters };
      return;
    case 'warning':
      warn(event.data.message);
      return;
    default:
      mirror.apply(event);
  }
}

/** Once a minute in any case: that a page is written alike again is in no figure. */
function lookAgain({ atMs, scannerCpuMs, ...figures }: Sample): void {
  const minute = Math.floor(atMs / 60_000);
  void verdicts.update(JSON.stringify([minute, figures, settings]));
}

function recount(): void {
  recountDue = false;
  colours.recount();
}

const SCANNER_WORDS: Readonly<Record<string, string>> = {
  running: 'scanning',
  stopped: 'scanner stopped',
  restarting: 'scanner restarting',
  dead: 'scanner lost',
  unknown: 'no answer',
};

function showScanner(state: string): void {
  pill.dataset.state = state;
  say(pill, SCANNER_WORDS[state] ?? state);
}

let warningTimer: number | undefined;

function warn(message: string): void {
  tell(message, 'warning');
  window.clearTimeout(warningTimer);
  warningTimer = window.setTimeout(() => tell(undefined), WARNING_MS);
}

/** A line at the top; none if there is nothing to say. */
function tell(text: string | undefined, kind = ''): void {
  window.clearTimeout(warningTimer);
  notice.hidden = text === undefined;
  notice.className = kind;
  say(notice, text ?? '');
}

async function about(): Promise<void> {
  try {
    const { version, kernel, pageSize, fingerprints } = await fetchJson<Status>('/v1/status');
    const held = fingerprints === undefined ? '' : `, ${heldAs(fingerprints)}`;
    say(
      element('about', HTMLParagraphElement),
      `${version}, as in Linux ${kernel}, pages of ${pageSize} bytes${held}`,
    );
  } catch {
    // The stream notices that the daemon does not answer.
  }
}

function heldAs({ oneIn }: NonNullable<Status['fingerprints']>): string {
  return oneIn === 1
    ? 'held as fingerprints'
    : `of which 1 in ${oneIn} is held, as fingerprints: all figures are of these`;
}

/** What counters and tunables are. Without it, names and values are shown all the same. */
async function explain(): Promise<void> {
  const meanings = await fetchJson<Meanings>('/dashboard/meanings.json').catch(() => ({}));
  for (const table of [counters, tunables]) table.explain(meanings);
}

async function fetchJson<Answer>(path: string): Promise<Answer> {
  const answer = await fetch(path, { signal: AbortSignal.timeout(MOST_ANSWER_MS) });
  if (!answer.ok) throw new Error(((await answer.json()) as ErrorAnswer).error.message);
  return (await answer.json()) as Answer;
}

for (const [id, steps] of [
  ['smaller', -1],
  ['fit', 'fit'],
  ['larger', 1],
] as const) {
  element(id, HTMLButtonElement).addEventListener('click', () => view.zoom(steps));
}

const dark = window.matchMedia('(prefers-color-scheme: dark)');
function dress(): void {
  view.setTheme(dark.matches ? 'dark' : 'light');
  charts.redraw();
}
dark.addEventListener('change', dress);
dress();
void explain();
feed.start();
