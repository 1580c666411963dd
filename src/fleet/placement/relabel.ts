/**
 * Hosts are alike, so it is free which one takes which guests: the one that has most of them today,
 * those first that keep most.
 */

/** The host of each guest, under its new number. */
export function relabelled(
  hostOf: Int32Array,
  today: ArrayLike<number>,
  hosts: number,
): Int32Array {
  const kept = new Map<number, number>();
  for (const [guest, host] of hostOf.entries()) {
    if (today[guest] >= hosts) continue;
    const pair = host * hosts + today[guest];
    kept.set(pair, (kept.get(pair) ?? 0) + 1);
  }
  const pairs = [...kept].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const labels = new Map<number, number>();
  const free = new Set(Array.from({ length: hosts }, (_, host) => host));
  for (const [pair] of pairs) {
    const [host, label] = [Math.floor(pair / hosts), pair % hosts];
    if (labels.has(host) || !free.delete(label)) continue;
    labels.set(host, label);
  }
  const rest = free.values();
  return hostOf.map((host) => {
    const label = labels.get(host) ?? rest.next().value ?? host;
    labels.set(host, label);
    return label;
  });
}
