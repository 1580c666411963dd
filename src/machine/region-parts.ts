/** A range of a guest's pages, region by region: advice and loss come to both sides of a border. */
import type { Regions } from './regions.js';

export interface RegionPart {
  readonly region: number;
  /** Pages before it in the region, and its own. */
  readonly first: number;
  readonly count: number;
}

/** What of each region lies between two virtual page numbers, all of which are mapped. */
export function regionParts(
  regions: Regions,
  guest: number,
  vpn: number,
  endVpn: number,
): RegionPart[] {
  const parts: RegionPart[] = [];
  for (let at = vpn; at < endVpn; ) {
    const region = regions.at(guest, at);
    const first = at - regions.vpn(region);
    const count = Math.min(regions.pages(region) - first, endVpn - at);
    parts.push({ region, first, count });
    at += count;
  }
  return parts;
}
