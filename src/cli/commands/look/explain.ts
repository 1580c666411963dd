/** `ksmd explain`: why one page is merged or not, and what will become of it. */

import { hex } from '../../../hex.js';
import type { Page } from '../../../protocol/routes/pages.js';
import { count } from '../../../wording/amounts.js';
import { rows } from '../../terminal/rows.js';
import type { Action } from '../../verb.js';

export const action: Action<[string, number], { readonly twins?: number }> = async (
  { client, json, print, printJson },
  [guest, address],
  { twins },
) => {
  const page = await client.page(guest, address, twins);
  if (json) printJson(page);
  // A file or a pipe has no width.
  else print(...explained(page, process.stdout.columns ?? Number.POSITIVE_INFINITY));
  return undefined;
};

function explained(
  { page, state, why, next, checksum, frame, age, twinCount, twins }: Page,
  columns: number,
): string[] {
  const held =
    frame === undefined
      ? 'none'
      : `${frame.number}, which ${count(frame.mappings, 'page')} ` +
        `${frame.mappings === 1 ? 'maps' : 'map'}`;
  return rows(
    [
      ['page', `${hex(page.address)} of guest ${page.guest}, region ${page.region}`],
      ['state', state],
      ['why', why],
      ['next', next],
      ['frame', held],
      ...(checksum === undefined ? [] : ([['checksum', checksum]] as const)),
      ['age', count(age, 'visit')],
      ...(twinCount === 0 ? [] : ([['twins', twinsText(twinCount, twins)]] as const)),
    ],
    columns,
  );
}

function twinsText(total: number, named: Page['twins']): string {
  const names = named.map(({ guest, address }) => `${guest} ${hex(address)}`);
  return [
    ...names,
    ...(total > named.length ? [`and ${count(total - named.length, 'more', 'more')}`] : []),
  ].join(', ');
}
