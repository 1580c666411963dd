/**
 * What the daemon says of one page: asked for once the pointer rests on it, shown beside the map
 * and read out.
 */
import { hex } from '../../hex.js';
import type { ErrorAnswer } from '../../protocol/error-answer.js';
import type { MapGuest } from '../../protocol/routes/live.js';
import type { Page } from '../../protocol/routes/pages.js';
import { figure } from '../../wording/amounts.js';
import { element, made, say } from '../elements.js';
import type { Spot } from './arrangement.js';
import type { Mirror } from './mirror.js';
import { lookOf } from './page-states.js';

/**
 * Explaining a page has the whole machine stand still for a moment: nothing is asked about pages
 * that are only passed over.
 */
const REST_MS = 160;
/** Twins that are named; more are lit up than are listed. */
const TWINS = 2000;
const LISTED = 8;

export interface PagePlace {
  readonly guest: string;
  readonly region: string;
  /** Bytes. */
  readonly address: number;
}

export interface ExplanationListener {
  /** Its twins are to be seen. */
  onTwins(twins: readonly PagePlace[]): void;
  /** Another page is to be looked at. */
  onGoTo(place: PagePlace): void;
}

export class Explanation {
  private readonly panel = element('explanation', HTMLDivElement);
  /** What stands there while nothing is pointed at. */
  private readonly invitation = [...this.panel.children];
  private readonly spoken = element('spoken', HTMLParagraphElement);
  private timer: number | undefined;
  private asking: AbortController | undefined;
  private page: Page | undefined;

  constructor(
    private readonly mirror: Mirror,
    private readonly listener: ExplanationListener,
  ) {}

  /**
   * Shows what is known of a page, and asks for the rest. `twins`: lights them up as soon as they
   * are known.
   */
  show(spot: Spot, twins: boolean): void {
    this.forget();
    const guest = this.mirror.guests[spot.block.guest];
    if (guest === undefined) return;
    const place = placeOf(guest, spot, this.mirror.pageSize);
    const state =
      this.mirror.names[this.mirror.states[spot.block.region.first + spot.page] ?? -1] ?? 'unknown';
    this.panel.replaceChildren(
      heading(place),
      stateLine(state),
      made('p', `${lookOf(state).meaning}.`, 'why'),
    );
    this.panel.scrollTop = 0;
    this.timer = window.setTimeout(() => void this.ask(place, twins), twins ? 0 : REST_MS);
  }

  /** There is no page to explain any more. */
  clear(): void {
    this.forget();
    this.panel.replaceChildren(...this.invitation);
  }

  private forget(): void {
    window.clearTimeout(this.timer);
    this.asking?.abort();
    this.page = undefined;
  }

  private async ask(place: PagePlace, twins: boolean): Promise<void> {
    const asking = new AbortController();
    this.asking = asking;
    try {
      const guest = encodeURIComponent(place.guest);
      const path = `/v1/guests/${guest}/pages/${hex(place.address)}?twins=${TWINS}`;
      const answer = await fetch(path, { signal: asking.signal });
      if (!answer.ok) throw new Error(((await answer.json()) as ErrorAnswer).error.message);
      const page = (await answer.json()) as Page;
      if (asking.signal.aborted) return;
      this.page = page;
      this.tell(page);
      if (twins) this.lightTwins();
    } catch (error) {
      if (!asking.signal.aborted)
        this.panel.append(
          made('p', `No explanation: ${error instanceof Error ? error.message : error}`, 'why'),
        );
    }
  }

  private lightTwins(): void {
    const { page } = this;
    if (page !== undefined)
      this.listener.onTwins(page.twins.length === 0 ? [] : [page.page, ...page.twins]);
  }

  private tell(page: Page): void {
    const { state, why, next, frame, checksum, age, twinCount, twins } = page;
    const facts: [string, string][] = [
      [
        'frame',
        frame === undefined
          ? 'none'
          : `${figure(frame.number)}, mapped ` +
            `${frame.mappings === 1 ? 'once' : `${figure(frame.mappings)} times`}`,
      ],
      ['checksum', checksum ?? 'none'],
      ['age', `${figure(age)} visits`],
      ['twins', figure(twinCount)],
    ];
    const list = made('dl', '', 'facts');
    for (const [name, value] of facts) list.append(made('dt', name), made('dd', value));
    this.panel.replaceChildren(
      heading(page.page),
      stateLine(state),
      made('p', why, 'why'),
      made('p', next, 'next'),
      list,
    );
    if (twins.length > 0) this.panel.append(this.twinsOf(twins, twinCount));
    say(
      this.spoken,
      `${page.page.guest}, ${page.page.region}, ${hex(page.page.address)}: ` +
        `${lookOf(state).label}. ${why} ${next}`,
    );
  }

  private twinsOf(twins: readonly PagePlace[], all: number): HTMLElement {
    const section = made('div', '', 'twins');
    const light = made('button', 'Light up its twins');
    light.type = 'button';
    light.addEventListener('click', () => this.lightTwins());
    const list = made('ul');
    for (const twin of twins.slice(0, LISTED)) {
      const go = made('button', `${twin.guest} ${twin.region} ${hex(twin.address)}`, 'link');
      go.type = 'button';
      go.addEventListener('click', () => this.listener.onGoTo(twin));
      const item = made('li');
      item.append(go);
      list.append(item);
    }
    if (all > LISTED)
      list.append(made('li', `and ${figure(all - Math.min(LISTED, twins.length))} more`));
    section.append(
      light,
      ...(all > twins.length
        ? [made('p', `the first ${figure(twins.length)} of them`, 'hint')]
        : []),
      list,
    );
    return section;
  }
}

export function placeOf(guest: MapGuest, { block, page }: Spot, pageSize: number): PagePlace {
  return {
    guest: guest.name,
    region: block.region.name,
    address: block.region.address + page * pageSize,
  };
}

function heading({ guest, region, address }: PagePlace): HTMLElement {
  const title = made('h3');
  title.append(
    made('span', `${guest} `),
    made('span', `${region} `, 'region'),
    made('code', hex(address)),
  );
  return title;
}

function stateLine(state: string): HTMLElement {
  const line = made('p', '', 'state');
  const swatch = made('span', '', 'swatch');
  swatch.dataset.state = state;
  line.append(swatch, made('strong', lookOf(state).label));
  return line;
}
