/** Where the scanner's time goes, in the manner of the seed's oprofile tables: samples, share and symbol, worst and best case. */
import { Session } from 'node:inspector/promises';
import { readable } from '../../src/profile/readable.js';
import { SYMBOL_HEAD, symbolLine, symbolTable } from '../../src/profile/table.js';
import type { Row } from '../row.js';
import { KsmdSide } from '../sides/ksmd.js';
import type { Content } from '../sides/side.js';

const SAMPLE_MICROSECONDS = 200;
const LINES = 12;

export async function profileRow(copyPages: number): Promise<Row> {
  const figures: Record<string, string> = {};
  for (const content of ['worst', 'best'] as const) {
    const lines = await profileOf(content, copyPages);
    console.log(`\n${content} case, two copies merged from a standing start:\n${SYMBOL_HEAD}\n${lines.join('\n')}`);
    figures[content] = lines[0]?.trim() ?? '';
  }
  return { phase: 'profile', what: 'time of the scanner by function', goal: 'printed', met: true, figures };
}

async function profileOf(content: Content, copyPages: number): Promise<string[]> {
  const side = new KsmdSide(copyPages, 2);
  await side.addCopy(content);
  await side.addCopy(content);
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS });
  await session.post('Profiler.start');
  const pages = 2 * copyPages;
  await side.untilSharing(content === 'worst' ? copyPages : pages - Math.ceil(pages / 256));
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return symbolTable(readable(profile)).symbols.slice(0, LINES).map(symbolLine);
}
