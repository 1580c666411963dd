/** What was predicted, and what the kernel then did, as curves on one page. */
import { predictionPage } from '../../src/cli/commands/foresee/page/prediction-page.js';
import type { Told } from '../../src/cli/commands/foresee/prediction-told.js';
import type { Predicted } from '../../src/predict/prediction.js';
import type { Curve } from './curves.js';

/** `told` has one run, the prediction; the kernel's stand beside it. */
export async function pageOf(told: Told, kernel: readonly Curve[]): Promise<string> {
  const [run] = told.runs;
  if (run === undefined) throw new RangeError('nothing is predicted');
  const { predicted } = run;
  const { pageSize } = told.header;
  const runs = [
    { settings: { by: 'prediction' }, predicted },
    ...kernel.map((curve, at) => ({
      settings: { by: `kernel, run ${at + 1}` },
      predicted: { ...predicted, samples: curve.map((point) => sampleOf(point, pageSize)) },
    })),
  ];
  return predictionPage({ ...told, runs });
}

/** What a kernel does not tell is 0. */
function sampleOf(point: Curve[number], pageSize: number): Predicted['samples'][number] {
  return {
    t: point.seconds,
    counters: {
      pages_shared: point.shared,
      pages_sharing: point.sharing,
      pages_unshared: point.unshared,
    },
    freed_bytes: point.sharing * pageSize,
    split_zero_bytes: 0,
    collapses: 0,
    kernel_cpu_seconds: point.cpuSeconds,
    huge_pages: point.hugePages,
    breaks: 0,
    guest_cpu_seconds: 0,
  };
}
