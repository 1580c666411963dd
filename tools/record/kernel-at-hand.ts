/** Whether the running kernel's KSM may be driven here: by root, and if nobody else uses it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export const SYSFS = '/sys/kernel/mm/ksm';

/** Why it may not; undefined if it may. */
export function whyNoKernel(): string | undefined {
  if (!existsSync(SYSFS)) return 'this kernel has no KSM';
  if (process.getuid?.() !== 0) return 'only root may drive the kernel’s KSM';
  const user = otherUser();
  return user === undefined
    ? undefined
    : `process ${user} uses KSM: its memory would be counted in`;
}

function otherUser(): string | undefined {
  return readdirSync('/proc').find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return /ksm_mergeable: yes|ksm_merge_any: yes/.test(
        readFileSync(`/proc/${pid}/ksm_stat`, 'latin1'),
      );
    } catch {
      return false;
    }
  });
}
