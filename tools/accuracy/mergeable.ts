/** Which mappings of a process KSM looks at, as its smaps says. */

/** Where they begin: those with the flag `mg`. */
export function mergeableMappings(smaps: string): number[] {
  const starts: number[] = [];
  let start = 0;
  for (const line of smaps.split('\n')) {
    const [, address] = /^([0-9a-f]+)-[0-9a-f]+ /.exec(line) ?? [];
    if (address !== undefined) start = Number.parseInt(address, 16);
    if (/^VmFlags:.* mg\b/.test(line)) starts.push(start);
  }
  return starts;
}
