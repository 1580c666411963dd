/**
 * Where the scanner's time goes, in the manner of the seed's oprofile tables: samples, share and
 * symbol, worst and best case.
 */
import { Session } from 'node:inspector/promises';
import { readable } from '../../src/hotspots/readable.js';
import {
  SYMBOL_HEAD,
  type SymbolSamples,
  symbolLine,
  symbolTable,
} from '../../src/hotspots/table.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import type { Row, Work } from '../row.js';
import { KsmdSide } from '../sides/ksmd.js';
import { type Content, sharingOnceMerged } from '../sides/side.js';

const SAMPLE_MICROSECONDS = 200;
const LINES = 12;
const COPIES = 2;
/** The core's page comparison: what memcmp_pages is in the seed's tables. */
const COMPARISON = /^src\/core\/compare\//;

export async function profileRow(copyPages: number, profile: ProfileName): Promise<Row> {
  const shares: string[] = [];
  const work: Record<string, number | string> = {};
  const listing: string[] = [];
  for (const content of ['worst', 'best'] as const) {
    const side = new KsmdSide(copyPages, COPIES, profile);
    const symbols = await profileOf(side, content, copyPages);
    const comparing = symbols.reduce(
      (sum, { symbol, share }) => sum + (COMPARISON.test(symbol) ? share : 0),
      0,
    );
    shares.push(`${Math.round(comparing * 100)} % ${content}`);
    listing.push(
      '',
      `${content} case, two copies merged from a standing start:`,
      SYMBOL_HEAD,
      ...symbols.slice(0, LINES).map(symbolLine),
    );
    for (const [name, value] of Object.entries<Work[string]>(side.work()))
      work[`${content} ${name}`] = value;
  }
  const ksmdWords = `comparing ${shares.join(', ')}`;
  return {
    phase: 'profile',
    what: 'time of the scanner by function',
    ksmdWords,
    goal: 'printed',
    met: true,
    work,
    listing,
  };
}

/** The most samples first. */
async function profileOf(
  side: KsmdSide,
  content: Content,
  copyPages: number,
): Promise<readonly SymbolSamples[]> {
  for (let copy = 0; copy < COPIES; copy++) await side.addCopy(content);
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS });
  await session.post('Profiler.start');
  await side.untilSharing(sharingOnceMerged(side, content, COPIES, copyPages));
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return symbolTable(readable(profile)).symbols;
}
