/** Why a page is in the state it is in and what will become of it, in a sentence each. */
import { hex } from '../../hex.js';
import type { PageExplanation } from '../../inspect/page-explanation.js';
import type { Like, Likes } from '../../inspect/unmerged.js';
import { RUN_MERGE } from '../../ksm/run.js';
import type { TunableValue } from '../../ksm/tunables.js';
import type { ApartReason } from '../../names.js';

export interface PageWording {
  readonly why: string;
  readonly next: string;
}

type Tunables = Readonly<Record<string, TunableValue>>;

/**
 * `tunables`: as they are now. `splitFreesZeroes`: as the kernel's profile has it. `likes`: what is
 * equal to it, the scanner knowing it or not; undefined if that was not looked at.
 */
export function pageWording(
  explained: PageExplanation,
  tunables: Tunables,
  splitFreesZeroes: boolean,
  likes?: Likes,
): PageWording {
  const { why, next } = wordingOf(explained, tunables, likes);
  const said = [why, ...frameText(explained)].join(' ');
  if (['untouched', 'unmergeable', 'shared', 'zero'].includes(explained.state))
    return { why: said, next };
  const isStopped = tunables.run !== RUN_MERGE;
  const first = isStopped
    ? `Nothing while the scanner is stopped; with run=1: ${lowered(next)}`
    : next;
  return { why: said, next: [first, ...mergeText(explained, splitFreesZeroes)].join(' ') };
}

/** What else there is to say of the page's frame. */
function frameText({ hugePage, forkSharers }: PageExplanation): string[] {
  const isPart = `It is part of a huge page${hugePage?.isWhole ? '' : ', mapped page by page'}.`;
  return [
    ...(hugePage === undefined ? [] : [isPart]),
    ...(forkSharers === 0
      ? []
      : [`It shares its frame with ${count(forkSharers, 'other page')} since a fork.`]),
  ];
}

/** What a merge of the page comes to besides. */
function mergeText(
  { hugePage, forkSharers }: PageExplanation,
  splitFreesZeroes: boolean,
): string[] {
  const sentences: string[] = [];
  if (hugePage !== undefined) {
    const { otherGuests, zeroPages } = hugePage;
    const where = otherGuests === 0 ? '' : `, in ${count(otherGuests, 'other guest')} too`;
    const freed =
      splitFreesZeroes && zeroPages > 0
        ? `, and ${count(zeroPages, 'page')} of zeroes ${zeroPages === 1 ? 'is' : 'are'} given back`
        : '';
    sentences.push(
      `A merge splits the huge page: it is mapped page by page from then on${where}${freed}.`,
    );
  }
  if (forkSharers > 0)
    sentences.push('Its frame comes free only once all that share it have merged.');
  return sentences;
}

function wordingOf(
  explained: PageExplanation,
  tunables: Tunables,
  likes: Likes | undefined,
): PageWording {
  const { state, written, age, changes, twinCount, ksmPages } = explained;
  switch (state) {
    case 'untouched':
      return {
        why: 'It was never written, or was given back: it reads as zeroes and costs no frame.',
        next: 'Nothing, until it is written.',
      };
    case 'unmergeable':
      return {
        why: 'Its guest has not advised it mergeable, so the scanner passes it by.',
        next: 'Nothing, until its guest advises it mergeable.',
      };
    case 'waiting':
      return {
        why: 'The scanner has not come by since it was written.',
        next:
          'The next full scan takes note of it; the one after that, if it is not written ' +
          `meanwhile, ${looksFor(explained, tunables, likes)}`,
      };
    case 'volatile':
      if (written) return { why: WRITTEN, next: changesFirst(explained, tunables, likes) };
      return {
        why:
          changes === 0
            ? 'It was new, or could not be placed, when the scanner last came by.'
            : `${lastVisits(changes)}.`,
        next:
          `${visit(explained, tunables)}, if it is left alone until then, ` +
          `${looksFor(explained, tunables, likes)}`,
      };
    case 'skipped':
      return {
        why:
          `It has not merged in ${count(age, 'full scan')}, so smart scan leaves it out for ` +
          `a while. ${changes === 0 ? 'At its last visit it was as before' : lastVisits(changes)}.`,
        next: written
          ? changesFirst(explained, tunables, likes)
          : `${visit(explained, tunables)} ${looksFor(explained, tunables, likes)}`,
      };
    case 'unshared':
      if (written) return { why: WRITTEN, next: changesFirst(explained, tunables, likes) };
      return {
        why:
          'It stays as it is, but no full scan has met it together with a page that is equal to ' +
          `it and stays as it is too${likes?.reason === 'node' ? ', on its NUMA node' : ''}.`,
        next: `${visit(explained, tunables)} ${looksFor(explained, tunables, likes)}`,
      };
    case 'limit':
      return {
        why:
          `Pages equal to it are merged, but ${count(ksmPages, 'KSM page')} of this content ` +
          `${ksmPages === 1 ? 'takes' : 'take'} no more mappings than ` +
          `max_page_sharing=${tunables.max_page_sharing} allows.`,
        next:
          'With the next page that is equal to it and stays as it is, it makes another KSM ' +
          'page of the same content.',
      };
    case 'shared':
      return {
        why:
          `It maps a KSM page; ${count(twinCount, 'other page')} ` +
          `${twinCount === 1 ? 'has' : 'have'} the same ` +
          `content${ksmPages > 1 ? `, in ${ksmPages} KSM pages` : ''}.`,
        next: 'It stays merged until it is written: then it gets a frame of its own again.',
      };
    case 'zero':
      return {
        why:
          'It held nothing but zeroes, and KSM has mapped the zero page instead: it costs no ' +
          'frame.',
        next: 'It stays so until it is written: then it gets a frame of its own again.',
      };
  }
}

const WRITTEN = 'It was written after the scanner last came by.';

/** What its last visits have found. */
function lastVisits(changes: number): string {
  return changes === 1
    ? 'At its last visit it had changed'
    : `At each of its last ${count(changes, 'visit')} it had changed`;
}

/** Which full scan visits it next, as the beginning of a sentence. */
function visit({ skips }: PageExplanation, tunables: Tunables): string {
  if (tunables.smart_scan !== 1 || skips === 0) return 'The next full scan';
  return `Smart scan leaves it out of ${count(skips, 'full scan')}; the one after`;
}

function changesFirst(
  explained: PageExplanation,
  tunables: Tunables,
  likes: Likes | undefined,
): string {
  return (
    `${visit(explained, tunables)} finds that it has changed; a later one, if it is left ` +
    `alone, ${looksFor(explained, tunables, likes)}`
  );
}

/** What the visit that searches the trees comes to. */
function looksFor(
  { zeroes, ksmMappings, twinCount }: PageExplanation,
  tunables: Tunables,
  likes: Likes | undefined,
): string {
  if (zeroes && tunables.use_zero_pages === 1)
    return 'finds nothing but zeroes in it, and maps the zero page instead.';
  if (ksmMappings > 0)
    return (
      `finds the KSM page that ${count(ksmMappings, 'page')} of this content ` +
      `${ksmMappings === 1 ? 'maps' : 'map'}, and merges it there if there is room.`
    );
  const looks = 'looks for its like among the pages that stay as they are';
  const like = likes?.first.find(({ reason }) => reason === likes.reason) ?? likes?.first[0];
  if (like !== undefined && likes?.reason !== undefined && likes.reason !== 'due')
    return `${looks}. Equal to it is ${nameOf(like)}${apartText(like, likes.reason)}.`;
  if (like !== undefined)
    return `merges it with ${nameOf(like)}, which is equal to it, if both stay as they are.`;
  if (twinCount > 0) return 'finds a page of this content that stays as it is, and merges the two.';
  return likes === undefined ? `${looks}.` : `${looks}; no page is equal to it now.`;
}

/** Why the page that is equal is not the one that is found. */
function apartText({ numaNode }: Like, reason: ApartReason): string {
  switch (reason) {
    case 'node':
      return `, but on NUMA node ${numaNode}: merge_across_nodes=0 keeps the two apart`;
    case 'unadvised':
      return ', which is not advised mergeable';
    case 'changed':
      return ', but one of the two has changed lately';
    case 'outOfPhase':
      return (
        ', but smart scan leaves one of the two out for now: they merge in one of the next full ' +
        'scans, which visits both'
      );
    case 'neverInPhase':
      return (
        ', but smart scan visits the two in different full scans, and goes on so for ever. With ' +
        'smart_scan=0 each visits both'
      );
    default:
      return '';
  }
}

function nameOf({ guest, address }: Like): string {
  return `page ${hex(address)} of guest ${guest}`;
}

function count(value: number, one: string): string {
  return `${value.toLocaleString('en')} ${one}${value === 1 ? '' : 's'}`;
}

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
