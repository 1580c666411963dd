/** Guests that are made together have a name each, which is known before any of them is made. */
import { KsmdError } from '../../../errors.js';
import { quoted } from '../../../printable.js';

/** EINVAL if two have one: machines of QEMU's may. */
export function assertDistinct(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name))
      throw new KsmdError(
        'EINVAL',
        `two of them would be the guest ${quoted(name)}: --name '{name}-{pid}' tells them apart`,
      );
    seen.add(name);
  }
}
