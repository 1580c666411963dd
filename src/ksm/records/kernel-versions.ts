/** Versions of Linux, and which of two is the later. */

/** As it is written: `2.6.32`, `6.12`. */
export type KernelVersion = `${number}.${number}` | `${number}.${number}.${number}`;

/** Whether a kernel has what there is since another. */
export function hasSince(kernel: KernelVersion, since: KernelVersion): boolean {
  const [own, first] = [kernel, since].map((version) => version.split('.').map(Number));
  for (let place = 0; place < 3; place++) {
    const difference = (own?.[place] ?? 0) - (first?.[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
