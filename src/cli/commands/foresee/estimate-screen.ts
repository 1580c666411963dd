/** An estimate on one screen: the verdict first, then what it is made of and what is not in it. */
import type { Estimate } from '../../../estimate/estimate.js';
import type { TenantsEstimate } from '../../../estimate/estimate-tenants.js';
import type { Estimated } from '../../../estimate/scale.js';
import type { RecordedHost } from '../../../recording/recorded-host.js';
import { count, duration, figure, percent, size } from '../../../wording/amounts.js';
import { table } from '../../terminal/tables.js';

/** A name, a size, and what it is. */
type Figure = readonly [name: string, figure: string, what: string];

export function estimateScreen(result: Estimate, host: RecordedHost): string[] {
  const { pageSize } = host.header;
  const bytes = (pages: number): string => size(pages * pageSize);
  const about = aboutOf(bytes);
  const { error } = result.saved;
  const all = result.saved.pages + result.zeroPages;
  const share = percent(all / Math.max(result.pages, 1));
  const lost: Figure[] = [
    ['max_page_sharing', about(result.lostToSharingLimit), 'less: frames beyond the first'],
    ...(result.lostToNodes === undefined ? [] : [nodesFigure(about(result.lostToNodes))]),
    ['huge pages', bytes(result.inHugePages), 'are split where a page of them merges'],
    ['never at rest', bytes(result.restlessPages), 'not counted: changed at every look'],
    ['shared by fork', bytes(result.forkedPages), 'one frame already'],
    ['merged already', bytes(result.mergedPages), "by this host's KSM; counted as if not"],
    ['not advised', bytes(result.unadvisedPages), 'not counted: KSM does not look there'],
    ['passed through', bytes(result.pinnedPages), 'not counted: a device may write there'],
  ];
  return [
    `At most ${about({ pages: all, error })} of ${bytes(result.pages)} could be saved (${share})`,
    '',
    ...figures([
      ['within guests', about(result.within), 'equal pages of one guest'],
      ['between guests', about(result.between), 'contents that several guests have'],
      ['zero pages', bytes(result.zeroPages), 'nothing but zeroes: perhaps never used'],
    ]),
    '',
    ...figures(lost.filter(([, figure]) => figure !== bytes(0))),
    '',
    ...guestTable(result, bytes, about),
    '',
    ...(result.tenants === undefined ? [] : [...tenantLines(result.tenants, host), '']),
    ...whatItIs(result, host),
  ];
}

function aboutOf(bytes: (pages: number) => string): (estimated: Estimated) => string {
  return ({ pages, error }) => (error === 0 ? bytes(pages) : `${bytes(pages)} ± ${bytes(error)}`);
}

function nodesFigure(figure: string): Figure {
  return ['merge_across_nodes=0', figure, 'less: a frame on each node'];
}

function guestTable(
  { guests }: Estimate,
  bytes: (pages: number) => string,
  about: (estimated: Estimated) => string,
): string[] {
  return table(
    ['guest', 'present', 'zeroes', 'within', 'elsewhere'],
    guests.map(({ name, pages, zeroPages, within, elsewhere }) => [
      name,
      bytes(pages),
      bytes(zeroPages),
      about(within),
      about(elsewhere),
    ]),
  );
}

/** What isolation costs, by a kernel that there is not, and by what there is. */
function tenantLines(
  { each, saved, lostToIsolation, onNodes }: TenantsEstimate,
  { header: { pageSize, nodeBytes } }: RecordedHost,
): string[] {
  const bytes = (pages: number): string => size(pages * pageSize);
  const about = aboutOf(bytes);
  const tenants = each.length;
  const nodes = nodeBytes.length;
  const possible: Figure[] = [
    ['a host for each tenant', about(saved), `the same, on ${count(tenants, 'host')}`],
  ];
  if (onNodes !== undefined)
    possible.push(
      [
        'a node for each tenant',
        tenants > nodes ? '-' : about(saved),
        `merge_across_nodes=0 and guests bound: ${count(tenants, 'tenant')}, ${nodes} nodes`,
      ],
      [
        'merge_across_nodes=0',
        about(onNodes.saved),
        `as guests lie now: ${about(onNodes.acrossTenants)} of it across tenants`,
      ],
    );
  return [
    ...table(
      ['tenant', 'guests', 'present', 'zeroes', 'saved within'],
      each.map(({ name, guests, pages, zeroPages, saved: own }) => [
        name,
        figure(guests),
        bytes(pages),
        bytes(zeroPages),
        about(own),
      ]),
    ),
    '',
    'If a guest merged only within its domain, its tenant, which no real kernel can have it do:',
    ...figures([['within tenants', about(saved), `gives up ${about(lostToIsolation)}`]]),
    'Possible now:',
    ...figures(possible),
  ];
}

/** What the figures rest on. */
function whatItIs({ isAdvised, distinct }: Estimate, host: RecordedHost): string[] {
  const { sample } = host.header;
  const long = host.lastSweep === undefined ? '' : `, ${duration(host.lastSweep.durationMs)} long`;
  return [
    isAdvised
      ? 'As KSM sees it now: what is advised mergeable.'
      : 'As if all private memory were advised mergeable.',
    `One look${long}: a kernel reaches it if nothing changes, and pays for it in time.`,
    ...(sample === 1
      ? []
      : [
          `Of one content in ${figure(sample)}: what is behind ± holds 95 times in 100 ` +
            `(${count(distinct.pages, 'content')}).`,
        ]),
  ];
}

function figures(rows: readonly Figure[]): string[] {
  const width = (column: 0 | 1): number => Math.max(0, ...rows.map((row) => row[column].length));
  const [names, sizes] = [width(0), width(1)];
  return rows.map(
    ([name, figure, what]) => `  ${name.padEnd(names)}  ${figure.padStart(sizes)}  ${what}`,
  );
}
