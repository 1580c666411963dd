/** What is saved, as status and report tell it. */
import { savings } from '../../inspect/savings.js';
import type { Host } from '../../ksm/host.js';
import type { Status } from '../../protocol/routes/status.js';
import type { ForkSharing } from './fork-sharing.js';

export function saved(host: Host, forks: ForkSharing): Status['saved'] {
  const { pages, ageMs } = forks.known();
  return { ...savings(host, pages), forkSharedAgeMs: ageMs };
}
