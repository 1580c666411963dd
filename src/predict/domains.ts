/**
 * Merge domains: guests of one merge with one another, and with nobody else. No real kernel has
 * such. Here each is a NUMA node of its own, with merge_across_nodes=0: a tree each, as nodes have
 * them, and nothing else of the scanner is another.
 */
import { KsmdError } from '../errors.js';
import { isNumaNode } from '../machine/guests.js';

/** Of each guest's domain, by their names: its number. EINVAL if there are more than nodes. */
export function numberedDomains(
  domains: Readonly<Record<string, string>>,
): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const domain of Object.values(domains))
    if (!numbers.has(domain)) numbers.set(domain, numbers.size);
  if (!isNumaNode(Math.max(0, numbers.size - 1)))
    throw new KsmdError(
      'EINVAL',
      `${numbers.size} tenants are more than the simulated kernel has trees for: put the smaller ` +
        "ones under one name, or ask 'ksmd estimate'",
    );
  return new Map(
    Object.entries(domains).map(([guest, domain]) => [guest, numbers.get(domain) ?? 0]),
  );
}
