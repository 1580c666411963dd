/** `ksmd calibrate`: what the work of this machine's kernel costs it. */
import { KsmdError } from '../../../errors.js';
import { LibC } from '../../../libc.js';
import { type Calibration, calibrate } from '../../../prices/calibration/calibrate.js';
import { KernelKsm } from '../../../prices/calibration/kernel-ksm.js';
import { prose } from '../../terminal/rows.js';
import { StepLine } from '../../terminal/step-line.js';
import type { Action } from '../../verb.js';
import { untilInterrupted } from '../record/until-interrupted.js';
import { type FileKind, writeWhole } from '../record/whole-file.js';
import { calibrationScreen } from './calibration-screen.js';

/** The kernel's own sleep_millisecs: caches get cold in between, as they do in production. */
const NAP_MS = 20;

interface CalibrateOptions {
  readonly output?: string;
  readonly pagesToScan: number;
}

/** Whoever predicts reads it: that is not always root. */
export const PRICES: FileKind = {
  what: 'file of prices',
  mode: 0o644,
  isBegunBy: (head) => /^\{\s*"measuredOn":/.test(head),
};

export const action: Action<[], CalibrateOptions> = async (
  { json, print, printJson },
  _values,
  { output, pagesToScan },
) => {
  const calibration =
    output === undefined ? await measure(pagesToScan) : await measureInto(output, pagesToScan);
  if (json) printJson(calibration);
  else
    print(
      ...calibrationScreen(calibration, process.stdout.columns),
      ...(output === undefined ? [] : prose([writtenTo(output)], process.stdout.columns)),
    );
  return undefined;
};

function measureInto(path: string, pagesToScan: number): Promise<Calibration> {
  return writeWhole(path, PRICES, async (file) => {
    const calibration = await measure(pagesToScan);
    await file.writeFile(`${JSON.stringify(calibration.prices, undefined, 2)}\n`);
    return calibration;
  });
}

async function measure(pagesToScan: number): Promise<Calibration> {
  const libc = await LibC.load();
  const kernel = new KernelKsm(NAP_MS);
  const line = new StepLine();
  try {
    return await untilInterrupted((signal) =>
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
}

const writtenTo = (path: string): string =>
  `${path}: 'ksmd predict --prices ${path}' and 'ksmd capture --prices ${path}' go by it.`;
