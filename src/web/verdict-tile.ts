/**
 * The verdict, first on the page: what is saved, what it costs and what would merge besides, in the
 * words and figures of `ksmd status`.
 *
 * It is as of a moment. The daemon looks at every page for it, so it is asked seldom.
 */
import type { GuestSummary } from '../protocol/routes/guests.js';
import type { Report, Unmerged } from '../protocol/routes/report.js';
import type { Status } from '../protocol/routes/status.js';
import type { Row } from '../wording/row.js';
import { type StatusLook, verdictOf } from '../wording/verdict.js';
import { element, made, say } from './elements.js';
import { clock } from './wording.js';

type Fetch = <Answer>(path: string) => Promise<Answer>;

/** One after the other, as a browser has six connections for all that it asks. */
export async function lookForVerdict(fetchJson: Fetch): Promise<StatusLook> {
  const status = await fetchJson<Status>('/v1/status');
  const report = await fetchJson<Report>('/v1/report');
  const unmerged = await fetchJson<Unmerged>('/v1/unmerged');
  const { guests } = await fetchJson<{ guests: GuestSummary[] }>('/v1/guests');
  return { status, report, unmerged, guests };
}

export class VerdictTile {
  private readonly tile = element('verdict', HTMLElement);
  private readonly told = element('verdict-told', HTMLParagraphElement);
  private readonly spared = element('verdict-spared', HTMLDListElement);
  private readonly besides = element('verdict-besides', HTMLDListElement);
  private atWidthPx = 0;

  constructor() {
    window.addEventListener('resize', () => this.keepRoom());
  }

  /** There may be another daemon: what is told is grey until that one has been asked. */
  begin(): void {
    this.tile.dataset.stale = '';
  }

  show(look: StatusLook): void {
    delete this.tile.dataset.stale;
    const { saved, cost, unmerged } = verdictOf(look);
    fill(this.spared, [...saved, ...cost]);
    fill(this.besides, unmerged);
    say(this.told, `as of ${clock(Date.now())}`);
    this.keepRoom();
  }

  /** What has been told once keeps its room: the page below does not go up and down. */
  private keepRoom(): void {
    const { tile } = this;
    if (window.innerWidth !== this.atWidthPx) {
      this.atWidthPx = window.innerWidth;
      tile.style.minHeight = '';
    }
    tile.style.minHeight = `${tile.offsetHeight}px`;
  }
}

function fill(list: HTMLDListElement, rows: readonly Row[]): void {
  list.replaceChildren(
    ...rows.map(([name, text]) => {
      const group = made('div', '', name.startsWith(' ') || name === '' ? 'part' : '');
      group.append(made('dt', name.trim()), made('dd', unbroken(text)));
      return group;
    }),
  );
}

/** A number stands with its unit. */
function unbroken(text: string): string {
  return text.replace(/(?<=\d) (?=(?:[KMGTP]?i?B|ms|s|min|h|%)(?!\w))/g, '\u00a0');
}
