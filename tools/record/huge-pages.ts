/**
 * The running kernel's huge pages while a recording is made: they come from first touches and
 * MADV_COLLAPSE alone, and go when KSM or their process breaks them up. khugepaged and the shrinker
 * of underused ones stand still.
 */
import { Settings } from './settings.js';

const SYSFS = '/sys/kernel/mm/transparent_hugepage';
const QUIET = {
  'khugepaged/max_ptes_none': 511,
  'khugepaged/max_ptes_shared': 256,
  'khugepaged/max_ptes_swap': 64,
  enabled: 'madvise',
  defrag: 'madvise',
  'khugepaged/pages_to_scan': 1,
  'khugepaged/scan_sleep_millisecs': 1_000_000_000,
  shrink_underused: 0,
};

export class QuietHugePages {
  readonly settings = new Settings(SYSFS);

  constructor() {
    try {
      for (const [name, value] of Object.entries(QUIET))
        if (this.settings.has(name)) this.settings.write(name, value);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** As it was before. */
  close(): void {
    this.settings.putBack();
  }
}
