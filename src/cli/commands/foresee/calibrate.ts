/** `ksmd calibrate`: what the work of this machine's kernel costs it. */
import { writeFile } from 'node:fs/promises';
import { KsmdError, systemError } from '../../../errors.js';
import { LibC } from '../../../libc.js';
import { type Calibration, calibrate } from '../../../prices/calibration/calibrate.js';
import { KernelKsm } from '../../../prices/calibration/kernel-ksm.js';
import { quoted } from '../../../printable.js';
import { prose } from '../../terminal/rows.js';
import { StepLine } from '../../terminal/step-line.js';
import type { Action } from '../../verb.js';
import { untilInterrupted } from '../record/until-interrupted.js';
import { calibrationScreen } from './calibration-screen.js';

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
  else
    print(
      ...calibrationScreen(calibration, process.stdout.columns),
      ...(output === undefined ? [] : prose([writtenTo(output)], process.stdout.columns)),
    );
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
