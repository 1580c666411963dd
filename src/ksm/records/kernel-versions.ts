/** Versions of Linux: how they are written, and which of two is the later. */

/** As it is written: `2.6.32`, `6.12`. */
export type KernelVersion = `${number}.${number}` | `${number}.${number}.${number}`;

/** Three numbers until 3.0, then two; what follows is of no account to KSM. */
const RELEASE = /^2\.6\.(\d{1,2})(?!\d)|^(\d{1,2})\.(\d{1,2})(?!\d)/;

/** The version that a release is of: `6.8.0-45-generic` is 6.8. Undefined if it is none. */
export function versionOf(release: string): KernelVersion | undefined {
  const [, third, first, second] = RELEASE.exec(release) ?? [];
  if (third !== undefined) return `2.6.${Number(third)}`;
  return first === undefined ? undefined : `${Number(first)}.${Number(second)}`;
}

/** Whether a kernel has what there is since another. */
export function hasSince(kernel: KernelVersion, since: KernelVersion): boolean {
  const [own, first] = [kernel, since].map((version) => version.split('.').map(Number));
  for (let place = 0; place < 3; place++) {
    const difference = (own?.[place] ?? 0) - (first?.[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
