/**
 * What merging could give back of a host, from one look at its pages: nothing is simulated, so
 * time, and what the kernel pays, are not in it. It is an upper bound: a kernel that has merged all
 * that is equal, while nothing changes.
 *
 * Where only a sample of the contents is known, counts of them are scaled, and each has an error
 * that it stays within 95 times in 100. How many pages there are is known without; so what is saved
 * is told as pages less distinct contents, and a content that very many pages have is missed by no
 * more than any other.
 */

import {
  PAGE_CONTENT,
  PAGE_HUGE,
  PAGE_KIND,
  PAGE_MERGED,
  PAGE_RESTLESS,
  PAGE_SHARED,
  PAGE_ZEROES,
} from '../recording/format.js';
import {
  type RecordedGuest,
  type RecordedHost,
  STRETCH_PAGES,
} from '../recording/recorded-host.js';
import { areFramesTold, eachPage, hasAnyAdvised } from '../recording/recorded-pages.js';
import { ContentSets } from './content-sets.js';
import { ContentTable } from './content-table.js';
import { type TenantsEstimate, TenantTally } from './estimate-tenants.js';
import { type Estimated, Scale, Summed } from './scale.js';

/** The kernel's max_page_sharing, unless somebody sets another. */
export const DEFAULT_MAX_PAGE_SHARING = 256;

export interface GuestEstimate {
  readonly name: string;
  /** Present, and counted. */
  readonly pages: number;
  readonly zeroPages: number;
  readonly restlessPages: number;
  /** Frames that a fork has let it share. */
  readonly forkedPages: number;
  readonly hugePages: number;
  /** Saved if it were alone, zero pages apart. */
  readonly within: Estimated;
  /** Contents that another guest has as well. */
  readonly elsewhere: Estimated;
}

export interface Estimate {
  /** Only what KSM sees now, as somebody has advised it; else as if all were advised. */
  readonly isAdvised: boolean;
  /** False: `forkedPages` are guessed, and some that are counted may be merged already. */
  readonly tellsFrames: boolean;
  /** Present, and counted. */
  readonly pages: number;
  readonly zeroPages: number;
  /** Change whenever they are looked at: never merged. */
  readonly restlessPages: number;
  /** Map a frame that another page does since a fork: counted, but it takes no frame. */
  readonly forkedPages: number;
  /** Frames that `pages` take: of these a share is saved. */
  readonly framesInUse: number;
  /** This host's own KSM has merged them already. */
  readonly mergedPages: number;
  /** Frames of huge pages, which merging would split. */
  readonly inHugePages: number;
  /** Not counted: a device may write to them, or they are not advised. */
  readonly pinnedPages: number;
  readonly unadvisedPages: number;
  /** Different contents, the zero page not among them. */
  readonly distinct: Estimated;
  /** Frames that merging gives back, zero pages apart; of them, those within one guest. */
  readonly saved: Estimated;
  readonly within: Estimated;
  readonly between: Estimated;
  /** What max_page_sharing takes away of it, zero pages included. */
  readonly lostToSharingLimit: Estimated;
  /**
   * What merge_across_nodes=0 takes away of it, of pages whose node is known; undefined on one
   * node.
   */
  readonly lostToNodes: Estimated | undefined;
  /** As `tenantOf` has them. */
  readonly tenants: TenantsEstimate | undefined;
  readonly guests: readonly GuestEstimate[];
}

export interface EstimateOptions {
  readonly selection: 'auto' | 'advised' | 'all';
  readonly maxPageSharing?: number;
  /** By the names of guests; undefined: all merge with all, as they do. */
  readonly tenantOf?: (guest: string) => string;
}

export function estimate(host: RecordedHost, options: EstimateOptions): Estimate {
  const guests = [...host.guests.values()].filter((guest) => !guest.facts.isPinned);
  const isAdvised =
    options.selection === 'advised' || (options.selection === 'auto' && hasAnyAdvised(guests));
  const scale = new Scale(host.header.sample);
  const table = new ContentTable();
  const onNodes = new ContentSets();
  const { tenantOf } = options;
  const tally = new TenantTally(host.header.nodeBytes.length);
  const counts = guests.map((guest) => {
    const tenant = tenantOf && tally.tenant(tenantOf(guest.facts.name));
    const count = countOf(guest, isAdvised, table, (content, node) => {
      if (node !== undefined) onNodes.add(content, node);
      tenant?.addContent(content, node);
    });
    tenant?.addGuest(count);
    return count;
  });
  const sum = (of: (count: GuestCount) => number): number =>
    counts.reduce((total, count) => total + of(count), 0);

  const contents = sum(({ contentPages }) => contentPages);
  const zeroPages = sum((count) => count.zeroPages);
  const most = options.maxPageSharing ?? DEFAULT_MAX_PAGE_SHARING;
  const distinct = new Summed();
  const guestContents = new Summed();
  const between = new Summed();
  const sharing = new Summed();
  const nodes = new Summed();
  table.each((pages, ofGuests, number) => {
    distinct.add(1);
    guestContents.add(ofGuests);
    between.add(ofGuests - 1);
    sharing.add(Math.ceil(pages / most) - 1);
    nodes.add(Math.max(onNodes.countOf(number) - 1, 0));
  });
  const saved = scale.without(contents, distinct);
  const lost = scale.of(sharing);
  return {
    isAdvised,
    tellsFrames: areFramesTold(host),
    pages: sum(({ pages }) => pages),
    zeroPages,
    restlessPages: sum(({ restlessPages }) => restlessPages),
    forkedPages: sum(({ forkedPages }) => forkedPages),
    framesInUse: sum(({ pages, forkedPages }) => pages - forkedPages),
    mergedPages: sum(({ mergedPages }) => mergedPages),
    inHugePages: sum(({ inHugePages, forkedInHugePages }) => inHugePages - forkedInHugePages),
    pinnedPages: [...host.guests.values()]
      .filter(({ facts }) => facts.isPinned)
      .reduce(
        (total, guest) => total + countOf(guest, false, new ContentTable(), () => {}).pages,
        0,
      ),
    unadvisedPages: sum(({ unadvisedPages }) => unadvisedPages),
    distinct: scale.of(distinct),
    saved,
    within: scale.without(contents, guestContents),
    between: scale.of(between),
    lostToSharingLimit: {
      pages: lost.pages + Math.max(Math.ceil(zeroPages / most) - 1, 0),
      error: lost.error,
    },
    lostToNodes: host.header.nodeBytes.length > 1 ? scale.of(nodes) : undefined,
    tenants: tenantOf && tally.estimate(table.size, onNodes, scale),
    guests: guests.map((guest, at) => guestEstimate(guest, counts[at], isAdvised, table, scale)),
  };
}

interface GuestCount {
  pages: number;
  zeroPages: number;
  restlessPages: number;
  forkedPages: number;
  mergedPages: number;
  inHugePages: number;
  forkedInHugePages: number;
  unadvisedPages: number;
  /** Whose content merges with equal ones, in the sample or not. */
  contentPages: number;
}

function countOf(
  guest: RecordedGuest,
  isAdvised: boolean,
  table: ContentTable,
  found: (content: number, node: number | undefined) => void,
): GuestCount {
  const count: GuestCount = {
    pages: 0,
    zeroPages: 0,
    restlessPages: 0,
    forkedPages: 0,
    mergedPages: 0,
    inHugePages: 0,
    forkedInHugePages: 0,
    unadvisedPages: 0,
    contentPages: 0,
  };
  eachPage(guest, (state, isOfAdvised, { node }, fingerprints, offset) => {
    if (isAdvised && !isOfAdvised) {
      count.unadvisedPages++;
      return;
    }
    count.pages++;
    if ((state & PAGE_MERGED) !== 0) count.mergedPages++;
    const kind = state & PAGE_KIND;
    if ((state & PAGE_HUGE) !== 0) {
      count.inHugePages++;
      if (kind === PAGE_SHARED) count.forkedInHugePages++;
    }
    if (kind === PAGE_ZEROES) count.zeroPages++;
    else if (kind === PAGE_RESTLESS) count.restlessPages++;
    else if (kind === PAGE_SHARED) count.forkedPages++;
    else {
      count.contentPages++;
      if (kind !== PAGE_CONTENT) return;
      found(table.add(fingerprints(), offset, guest.id), node);
    }
  });
  return count;
}

function guestEstimate(
  guest: RecordedGuest,
  count: GuestCount | undefined,
  isAdvised: boolean,
  table: ContentTable,
  scale: Scale,
): GuestEstimate {
  const own = new Summed();
  const elsewhere = new Summed();
  eachPage(guest, (state, isOfAdvised, _mapping, fingerprints, offset) => {
    if ((state & PAGE_KIND) !== PAGE_CONTENT || (isAdvised && !isOfAdvised)) return;
    const guests = table.comeAgain(fingerprints(), offset, guest.id);
    if (guests > 0) own.add(1);
    if (guests > 1) elsewhere.add(1);
  });
  return {
    name: guest.facts.name,
    pages: count?.pages ?? 0,
    zeroPages: count?.zeroPages ?? 0,
    restlessPages: count?.restlessPages ?? 0,
    forkedPages: count?.forkedPages ?? 0,
    hugePages: (count?.inHugePages ?? 0) / STRETCH_PAGES,
    within: scale.without(count?.contentPages ?? 0, own),
    elsewhere: scale.of(elsewhere),
  };
}
