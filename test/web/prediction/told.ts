/** Predictions for pages, made up: nothing is played for them. */

import type { Told } from '../../../src/cli/commands/foresee/prediction-told.js';
import { kernelProfile } from '../../../src/ksm/kernels.js';
import type { Run } from '../../../src/predict/outcome.js';
import type { PredictedSample } from '../../../src/predict/prediction.js';
import { DEFAULT_PRICES } from '../../../src/prices/default-prices.js';
import { HEADER } from '../../recording/small-recording.js';

const MIB = 2 ** 20;

/** One a second: half of what comes is there after `half` seconds. */
export function samples(count: number, half: number, hugePages = 0): PredictedSample[] {
  return Array.from({ length: count }, (_, t) => {
    const pages = Math.round(4096 * (1 - 2 ** (-t / half)));
    return {
      t,
      counters: {
        full_scans: t,
        pages_shared: Math.round(pages / 4),
        pages_sharing: pages,
        pages_unshared: 2048,
        pages_volatile: 1024,
        ksm_zero_pages: 0,
      },
      freed_bytes: pages * 4096,
      split_zero_bytes: hugePages === 0 ? 0 : MIB,
      kernel_cpu_seconds: (t * 0.25) / half + (t === 0 ? 0 : 0.2),
      huge_pages: Math.max(0, hugePages - t),
      collapses: 0,
      breaks: t * 2,
      guest_cpu_seconds: 0,
    };
  });
}

export function run(settings: Run['settings'], predicted: readonly PredictedSample[]): Run {
  return {
    settings,
    predicted: {
      samples: predicted,
      leftOut: { pinnedPages: 256, notAdvisedPages: 0 },
      advisedOnly: true,
      guests: 2,
      images: 0,
      recordedSeconds: 10,
      forgottenPages: 0,
      errorBytes: 0,
    },
  };
}

export function told(runs: readonly Run[], host = 'here'): Told {
  return {
    runs,
    header: { ...HEADER, host },
    prices: DEFAULT_PRICES,
    kernel: { profile: kernelProfile('6.18'), note: undefined, isOfHost: false },
    sweeps: 2,
    atLeastSeconds: 60,
  };
}
