/** What a heat map is drawn from, of whatever tells who shares with whom. */

export interface HeatMapData {
  /** In an order in which those that are alike stand together. */
  readonly names: readonly string[];
  /** Of each guest, and of these what others have too. */
  readonly bytes: readonly number[];
  readonly withOthersBytes: readonly number[];
  /** Two guests, by their places, and the bytes that both have: three numbers a pair. */
  readonly pairs: readonly number[];
  /** Places of those that belong together: neighbours. */
  readonly groups: readonly (readonly number[])[];
}

export function heatMapData({
  pageSize,
  guests,
  pairs,
  groups,
}: {
  readonly pageSize: number;
  readonly guests: readonly {
    readonly name: string;
    readonly pages: number;
    readonly withOthers: { readonly pages: number };
  }[];
  readonly pairs: readonly { readonly a: number; readonly b: number; readonly pages: number }[];
  readonly groups: HeatMapData['groups'];
}): HeatMapData {
  return {
    names: guests.map(({ name }) => name),
    bytes: guests.map(({ pages }) => pages * pageSize),
    withOthersBytes: guests.map(({ withOthers }) => withOthers.pages * pageSize),
    pairs: pairs.flatMap(({ a, b, pages }) => [a, b, pages * pageSize]),
    groups,
  };
}
