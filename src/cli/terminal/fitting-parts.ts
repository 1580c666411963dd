/** One line of parts, the most important first: those that do not fit are left out, not cut. */

export function fittingParts(parts: readonly string[], gap: string, room: number): string {
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}${gap}${part}`;
    if (longer.length <= room) line = longer;
  }
  return line;
}
