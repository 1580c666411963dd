/**
 * In which of the next full scans the scanner will visit a page, and so whether pages of one
 * content meet: a page finds its like in the unstable tree only in a full scan that visits both.
 *
 * Told is what smart scan makes of the pages' ages if nothing else changes them: from the age of
 * nine on a page is visited in every ninth full scan for ever, so what has not met by then never
 * does. Follows src/core/scan/smart-scan.ts, with the same rule. Knows nothing of
 * max_page_sharing.
 */
import { OLD_FROM, skipsAfter } from '../core/scan/skips.js';
import type { ApartReason } from '../names.js';

/**
 * A bit a full scan: bit 0 is the one under way or, between two, the next one; bit 1 the one after.
 * Above them, from bit SCANS on, the same of the first visit if smart scan were off. Of two pages
 * that share a frame: the one or the other.
 */
export type Visits = number;

export interface Visited {
  /** How often the page was due. */
  readonly age: number;
  /** How many of the next visits smart scan leaves out. */
  readonly skips: number;
  /** In the full scan under way the scanner has come by. */
  readonly isPassed: boolean;
  /** The scanner knows what the page holds: its first visit looks for nothing. */
  readonly isSeen: boolean;
  /** It is in the unstable tree: if the scanner has come by, in that of this full scan. */
  readonly isInTree: boolean;
}

/** By then every page is old and has been visited as such, also one that was passed just now. */
const SCANS = 28;
const EVERY = (1 << SCANS) - 1;
const LATE = 1 << SCANS;

export function visitsAhead(page: Visited, smartScan: boolean): Visits {
  const without = ofScans(page, EVERY);
  const visits = smartScan ? ofScans(page, scheduled(page.age, page.skips)) : without;
  return visits | (firstOf(without) << SCANS);
}

/** Of pages of one content, all of which are left alone: which of them meet, and when. */
export class Meetings {
  private pages = 0;
  /** The full scans that visit one of them, and those that visit two. */
  private once = 0;
  private twice = 0;
  /** If smart scan were off: when two of them have been visited. */
  private first = LATE;
  private second = LATE;
  private areMerging = false;

  /** To be called with each of them. */
  add(visits: Visits): void {
    const scans = visits & EVERY;
    this.pages++;
    this.twice |= this.once & scans;
    this.once |= scans;
    const soonest = firstOf(visits >> SCANS);
    if (soonest < this.first) {
      this.second = this.first;
      this.first = soonest;
    } else if (soonest < this.second) this.second = soonest;
  }

  /** What one of them waits for. `hasRoom`: there is a KSM page that it can be merged with. */
  reason(visits: Visits, hasRoom: boolean): ApartReason {
    const scans = visits & EVERY;
    const soonest = firstOf(visits >> SCANS);
    if (hasRoom) return firstOf(scans) <= soonest ? 'due' : 'notYetDue';
    if (this.pages < 2) return 'changed';
    if (this.twice === 0) return 'neverInPhase';
    const meeting = firstOf(this.twice);
    const own = firstOf(scans & -meeting);
    if (own <= Math.max(soonest, this.second)) {
      this.areMerging = true;
      return 'due';
    }
    return own === meeting ? 'outOfPhase' : 'notYetDue';
  }

  /** One of them was said to be due with another one: there will be a KSM page. */
  get isMerging(): boolean {
    return this.areMerging;
  }
}

/** The first of some scans, as its bit; 0 of none. */
function firstOf(scans: number): number {
  return scans & -scans;
}

/** What is left of the scans that come by once the page is where it is. */
function ofScans({ isPassed, isSeen, isInTree }: Visited, scans: number): number {
  const ahead = isPassed ? (scans << 1) & EVERY : scans;
  const visits = isSeen ? ahead : ahead & (ahead - 1);
  return isPassed && isInTree ? visits | 1 : visits;
}

/** More than smart scan ever leaves out. */
const SKIPS = 16;
/** By age and skips, as they are met. */
const SCHEDULES = new Int32Array((OLD_FROM + 1) * SKIPS);

function scheduled(age: number, skips: number): number {
  const start = Math.min(age, OLD_FROM) * SKIPS + skips;
  SCHEDULES[start] ||= schedule(age, skips);
  return SCHEDULES[start];
}

function schedule(age: number, skips: number): number {
  let visits = 0;
  let left = skips;
  for (let scan = 0; scan < SCANS; scan++) {
    if (left > 0) left--;
    else {
      visits |= 1 << scan;
      left = skipsAfter(age + scan);
    }
  }
  return visits;
}
