/**
 * What merging saves of all pages, from a host that has those of a sample. How many pages there are
 * is known, and what could be saved of them by the contents that are left, as estimate has it; of
 * that as much is saved as of what could be in the sample. So a content that very many pages have
 * is missed by no more than any other: to scale what is saved counts it for all, or not at all.
 *
 * How often guests write to merged pages, and what the scanner costs, are scaled elsewhere.
 */
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import { DEVIATIONS, sampleError } from '../fingerprints/sample.js';
import { population } from '../inspect/population.js';
import type { Host } from '../ksm/host.js';
import { ContentsHeld, holdsZeroes } from './contents-held.js';
import { isRestlessContent } from './restless-content.js';
import type { ToldCounts } from './told-pages.js';

const ZEROES = Buffer.alloc(FINGERPRINT_BYTES);
/** Contents seen to merge and others, of few: two more of each (Agresti and Coull). */
const PRIOR = 2;

/** Pages. */
export interface Saved {
  readonly pages: number;
  /** More of them, or fewer, than as many times what the sample's host has. */
  readonly beyondSharing: number;
  readonly beyondZeroPages: number;
}

/** Of one content, in the host. */
interface Tally {
  pages: number;
  saved: number;
}

export class SampleScale {
  /** Pages with a content in the sample, and how many of them equal one before. */
  private equalPages = 0;
  /** Of all pages: those that equal one before, and could be saved. */
  private equalOfAll = 0;
  /** As it was when pages were told: no others come to hold zeroes until they are told again. */
  private readonly held: ContentsHeld;

  constructor(
    private readonly host: Host,
    private readonly oneIn: number,
    private told: ToldCounts,
  ) {
    this.held = new ContentsHeld(host.machine);
    this.tell(told);
  }

  /** After the host's pages have come to be others. */
  tell(told: ToldCounts): void {
    const { inside, outside } = told.contents;
    this.held.look();
    const { contents: distinct } = this.held;
    this.told = told;
    this.equalPages = Math.max(0, inside - distinct);
    this.equalOfAll = Math.max(0, inside + outside - this.oneIn * distinct);
  }

  /** Now, by what the sample's host saves. */
  saved(pages: number): Saved {
    const { host, oneIn, told } = this;
    if (pages === 0) return { pages: 0, beyondSharing: 0, beyondZeroPages: 0 };
    const { zeroPages } = population(host);
    const zeroes = this.savedZeroes() + zeroPages;
    const { inside, outside } = told.zeroes;
    const allZeroes = inside === 0 ? 0 : Math.round((zeroes / inside) * (inside + outside));
    const ofContents = Math.round(this.savedShare(pages - zeroes) * this.equalOfAll);
    const beyond = allZeroes - zeroes * oneIn;
    const beyondZeroPages = zeroPages > 0 ? beyond : 0;
    return {
      pages: ofContents + allZeroes,
      beyondSharing: ofContents - (pages - zeroes) * oneIn + beyond - beyondZeroPages,
      beyondZeroPages,
    };
  }

  /**
   * Pages; 95 times in 100 what is saved now is no more off. The error of a ratio (Cochran), and
   * that what is not in the sample may merge otherwise than the few that are.
   */
  error(): number {
    const { oneIn, equalOfAll } = this;
    const tallies = [...this.tallies().values()];
    const equal = tallies.filter(({ pages }) => pages > 1);
    const could = equal.reduce((sum, { pages }) => sum + pages - 1, 0);
    const share = could === 0 ? 0 : equal.reduce((sum, { saved }) => sum + saved, 0) / could;
    const weight = could === 0 ? 0 : equalOfAll / (oneIn * could);
    const squares = tallies.reduce(
      (sum, { pages, saved }) => sum + (weight * (saved - share * (pages - 1)) - share) ** 2,
      0,
    );
    const cases = equal.length + 2 * PRIOR;
    const likely = (equal.length * share + PRIOR) / cases;
    const otherwise = Math.min(1, DEVIATIONS * Math.sqrt((likely * (1 - likely)) / cases));
    // Where nothing in the sample could be merged, it says nothing of what could.
    const unseen = Math.max(0, equalOfAll - could) * (could === 0 ? 1 : otherwise);
    return Math.ceil(sampleError(oneIn, squares) + unseen);
  }

  /** Of what could be. */
  private savedShare(pages: number): number {
    return this.equalPages === 0 ? 0 : Math.min(1, Math.max(0, pages / this.equalPages));
  }

  /** Where zeroes merge like any content: those that do not take a frame. */
  private savedZeroes(): number {
    const { machine } = this.host;
    const { frames } = machine;
    let saved = 0;
    for (const frame of this.held.zeroFrames) {
      const mappings = frames.mapcount(frame);
      // Frames that were given back may hold something else by now.
      if (mappings > 1 && frames.stableNode(frame) !== 0 && holdsZeroes(machine, frame))
        saved += mappings - 1;
    }
    return saved;
  }

  /** By content; zeroes, and what never rests, are left out. */
  private tallies(): Map<string, Tally> {
    const tallies = new Map<string, Tally>();
    this.eachFrame((frame, mappings, isMerged) => {
      const content = this.content(frame);
      if (content.equals(ZEROES) || isRestlessContent(content)) return;
      const name = content.toString('latin1');
      const tally = tallies.get(name) ?? { pages: 0, saved: 0 };
      tallies.set(name, tally);
      // Of what no scanner has merged, more mappings than one are a fork's: one page, one frame.
      tally.pages += isMerged ? mappings : 1;
      if (isMerged) tally.saved += mappings - 1;
    });
    return tallies;
  }

  /** Those that are mapped. */
  private eachFrame(of: (frame: number, mappings: number, isMerged: boolean) => void): void {
    const { frames } = this.host.machine;
    for (let frame = 1; frame <= frames.total; frame++) {
      const mappings = frames.mapcount(frame);
      if (mappings > 0) of(frame, mappings, frames.stableNode(frame) !== 0);
    }
  }

  private content(frame: number): Buffer {
    const { memory } = this.host.machine;
    const start = memory.frameByte(frame);
    return Buffer.from(memory.u8.subarray(start, start + FINGERPRINT_BYTES));
  }
}
