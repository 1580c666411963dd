/** `ksmd calibrate`: what the work of this machine's kernel costs it. */
import { writeFile } from 'node:fs/promises';
import { KsmdError, systemError } from '../../../errors.js';
import { LibC } from '../../../libc.js';
import { type Calibration, calibrate } from '../../../prices/calibration/calibrate.js';
import { KernelKsm } from '../../../prices/calibration/kernel-ksm.js';
import { quoted } from '../../../printable.js';
import { StepLine } from '../../terminal/step-line.js';
import { count, table } from '../../terminal/wording.js';
import type { Action } from '../../verb.js';
import { untilInterrupted } from '../record/until-interrupted.js';

/** The kernel's own sleep_millisecs: caches get cold in between, as they do in production. */
const NAP_MS = 20;

interface CalibrateOptions {
  readonly output?: string;
  readonly pagesToScan: number;
}

export const action: Action<[], CalibrateOptions> = async (
  { json, print, printJson },
  _values,
  { output, pagesToScan },
) => {
  const libc = await LibC.load();
  const kernel = new KernelKsm(NAP_MS);
  const line = new StepLine();
  let calibration: Calibration;
  try {
    calibration = await untilInterrupted((signal) =>
      calibrate({
        kernel,
        libc,
        batchPages: pagesToScan,
        signal,
        progress: (kind) => line.tell(`scanning ${kind}`),
      }),
    );
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError')
      throw new KsmdError('EINTR', 'interrupted: no price is known, and KSM is set as it was');
    throw error;
  } finally {
    kernel.close();
    line.clear();
  }
  if (output !== undefined) await write(output, calibration);
  if (json) printJson(calibration);
  else print(...screen(calibration), ...(output === undefined ? [] : [writtenTo(output)]));
  return undefined;
};

async function write(path: string, { prices }: Calibration): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(prices, undefined, 2)}\n`);
  } catch (error) {
    throw systemError(error, `cannot write ${quoted(path)}`);
  }
}

const writtenTo = (path: string): string =>
  `${path}: 'ksmd predict --prices ${path}' and 'ksmd capture --prices ${path}' go by it.`;

function screen({ prices, fit }: Calibration): string[] {
  const micro = (ns: number): string => (ns / 1000).toFixed(2);
  const levels = (of: typeof prices.stableLevels): string[][] =>
    of.map(({ pages, ns }) => [`  of ${count(pages, 'page')}`, micro(ns)]);
  return [
    prices.measuredOn,
    '',
    ...table(
      ['THE KERNEL PAYS FOR', 'µs'],
      [
        ['a visit to a merged page', micro(prices.mergedVisit)],
        ['another, merged with the same', micro(prices.repeatedVisit)],
        ['a visit to another page', micro(prices.visit)],
        ['the first visit to a page, besides', micro(prices.itemMade)],
        ['a page that smart scan leaves out', micro(prices.skip)],
        ['a level of the stable tree', ''],
        ...levels(prices.stableLevels),
        ['a level of the unstable tree', ''],
        ...levels(prices.unstableLevels),
        ['  in huge pages, of that', `${(prices.inHugePages * 100).toFixed(0)} %`],
        ['a KiB that two pages begin alike', micro(prices.alikeKib)],
        ['a page merged', micro(prices.merge)],
        ['a huge page split', micro(prices.split)],
        ['a batch, besides', micro(prices.batch)],
        ["a guest's write to a merged page", micro(prices.writeFault)],
      ],
    ),
    '',
    ...table(
      ['SCANNED', 'µs A VISIT', 'PRICED'],
      fit.map(({ kind, visits, measuredNs, pricedNs, isLearnedFrom }) => [
        kind,
        micro(measuredNs / visits),
        isLearnedFrom ? 'learned from' : `${((pricedNs / measuredNs) * 100).toFixed(0)} %`,
      ]),
    ),
  ];
}
