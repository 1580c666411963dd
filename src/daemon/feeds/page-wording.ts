/** Why a page is in the state it is in and what will become of it, in a sentence each. */
import type { PageExplanation } from '../../inspect/page-explanation.js';
import { RUN_MERGE } from '../../ksm/run.js';
import type { TunableValue } from '../../ksm/tunables.js';

export interface PageWording {
  readonly why: string;
  readonly next: string;
}

type Tunables = Readonly<Record<string, TunableValue>>;

/** `tunables`: as they are now. `splitFreesZeroes`: as the kernel's profile has it. */
export function pageWording(
  explained: PageExplanation,
  tunables: Tunables,
  splitFreesZeroes: boolean,
): PageWording {
  const { why, next } = wordingOf(explained, tunables);
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

function wordingOf(explained: PageExplanation, tunables: Tunables): PageWording {
  const { state, written, age, twinCount, ksmPages } = explained;
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
          `meanwhile, ${looksFor(explained, tunables)}`,
      };
    case 'volatile':
      if (written) return { why: WRITTEN, next: changesFirst(explained, tunables) };
      return {
        why: 'It was new, had changed or could not be placed when the scanner last came by.',
        next:
          `${visit(explained, tunables)}, if it is left alone until then, ` +
          `${looksFor(explained, tunables)}`,
      };
    case 'skipped':
      return {
        why:
          `It has not merged in ${count(age, 'full scan')}, so smart scan leaves it out for ` +
          'a while.',
        next: `${visit(explained, tunables)} ${looksFor(explained, tunables)}`,
      };
    case 'unshared':
      if (written) return { why: WRITTEN, next: changesFirst(explained, tunables) };
      return {
        why:
          'It stays as it is, but the scanner has met no page that is equal to it and stays ' +
          'as it is too.',
        next: `${visit(explained, tunables)} ${looksFor(explained, tunables)}`,
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

/** Which full scan visits it next, as the beginning of a sentence. */
function visit({ skips }: PageExplanation, tunables: Tunables): string {
  if (tunables.smart_scan !== 1 || skips === 0) return 'The next full scan';
  return `Smart scan leaves it out of ${count(skips, 'full scan')}; the one after`;
}

function changesFirst(explained: PageExplanation, tunables: Tunables): string {
  return (
    `${visit(explained, tunables)} finds that it has changed; a later one, if it is left ` +
    `alone, ${looksFor(explained, tunables)}`
  );
}

/** What the visit that searches the trees comes to. */
function looksFor({ zeroes, ksmMappings, twinCount }: PageExplanation, tunables: Tunables): string {
  if (zeroes && tunables.use_zero_pages === 1)
    return 'finds nothing but zeroes in it, and maps the zero page instead.';
  if (ksmMappings > 0)
    return (
      `finds the KSM page that ${count(ksmMappings, 'page')} of this content ` +
      `${ksmMappings === 1 ? 'maps' : 'map'}, and merges it there if there is room.`
    );
  if (twinCount > 0) return 'finds a page of this content that stays as it is, and merges the two.';
  return (
    'looks for its like among the pages that stay as they are, and merges it as soon as ' +
    'there is one.'
  );
}

function count(value: number, one: string): string {
  return `${value.toLocaleString('en')} ${one}${value === 1 ? '' : 's'}`;
}

function lowered(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
