/** An estimate on one screen: the verdict first, then what it is made of and what is not in it. */
import type { Estimate } from '../../../estimate/estimate.js';
import type { TenantsEstimate } from '../../../estimate/estimate-tenants.js';
import type { Estimated } from '../../../estimate/scale.js';
import type { RecordedHost } from '../../../recording/recorded-host.js';
import { isImage } from '../../../recording/recorded-pages.js';
import { count, duration, figure, percent, size, sizeAtMost } from '../../../wording/amounts.js';
import { fittedTable } from '../../terminal/fitted-table.js';
import { prose, wrapped } from '../../terminal/rows.js';
import { FRAMES_UNTOLD } from '../record/frames-untold.js';
import { unmergeableBytes } from './unmergeable-bytes.js';
import { whatCounts } from './what-counts.js';

const DOMAINS =
  'If a guest merged only within its domain, its tenant, which no real kernel can have it do:';
/** What a figure is has so many columns at least. */
const LEAST_ROOM = 20;

/** A name, a size, and what it is. */
type Figure = readonly [name: string, figure: string, what: string];

export function estimateScreen(
  result: Estimate,
  host: RecordedHost,
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const { pageSize } = host.header;
  const bytes = (pages: number): string => size(pages * pageSize);
  const about = aboutOf(bytes);
  const { error } = result.saved;
  const all = result.saved.pages + result.zeroPages;
  const share = percent(all / Math.max(result.framesInUse, 1));
  const taken = result.tellsFrames ? '' : 'taken to be ';
  const may: Figure[] = [
    ['max_page_sharing', about(result.lostToSharingLimit), 'less: frames beyond the first'],
    ...(result.lostToNodes === undefined ? [] : [nodesFigure(about(result.lostToNodes))]),
    ['huge pages', bytes(result.inHugePages), 'are split where a page of them merges'],
    [
      'never at rest',
      bytes(result.restlessPages),
      'not counted: change from one moment to the next',
    ],
    ['shared by fork', bytes(result.forkedPages), `not counted: ${taken}one frame already`],
    ['merged already', bytes(result.mergedPages), "by this host's KSM; counted as if not"],
    ['not advised', bytes(result.unadvisedPages), 'not counted: KSM does not look there'],
    ['passed through', bytes(result.pinnedPages), 'not counted: a device may write there'],
  ];
  const { sharedBytes, hugetlbBytes } = unmergeableBytes(host);
  may.push(
    ['shared memory', size(sharedBytes), 'not counted, as KSM merges none: share=on, memfd, tmpfs'],
    ['hugetlbfs', size(hugetlbBytes), 'not counted, as KSM merges none'],
  );
  const lost = may.filter(([, figure]) => figure !== bytes(0));
  const saved: Figure[] = [
    ['within guests', about(result.within), 'equal pages of one guest'],
    ['between guests', about(result.between), 'contents that several guests have'],
    ['zero pages', bytes(result.zeroPages), 'nothing but zeroes: perhaps never used'],
  ];
  // No less than the parts that it is told in come to, each of which is cut off.
  const bound = (pages: number): string => sizeAtMost(pages * pageSize);
  const most = aboutOf(bound)({ pages: all, error });
  const inUse = bound(result.framesInUse);
  const verdict = `At most ${most} of ${inUse} in use could be saved (${share})`;
  return [
    ...prose([verdict], columns),
    '',
    ...figures(saved, columns),
    '',
    ...(lost.length === 0 ? [] : [...figures(lost, columns), '']),
    ...guestTable(result, bytes, about, columns),
    '',
    ...(result.tenants === undefined ? [] : [...tenantLines(result.tenants, host, columns), '']),
    ...prose(whatItIs(result, host), columns),
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
  columns: number,
): string[] {
  return fittedTable(
    [
      { head: 'guest', of: ({ name }) => name, isName: true },
      { head: 'present', of: ({ pages }) => bytes(pages) },
      { head: 'zeroes', of: ({ zeroPages }) => bytes(zeroPages), goes: 1 },
      { head: 'within', of: ({ within }) => about(within), goes: 2 },
      { head: 'elsewhere', of: ({ elsewhere }) => about(elsewhere) },
    ],
    guests,
    columns,
  );
}

/** What isolation costs, by a kernel that there is not, and by what there is. */
function tenantLines(
  { each, saved, lostToIsolation, onNodes }: TenantsEstimate,
  { header: { pageSize, nodeBytes } }: RecordedHost,
  columns: number,
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
    ...fittedTable(
      [
        { head: 'tenant', of: ({ name }) => name, isName: true },
        { head: 'guests', of: ({ guests }) => figure(guests), goes: 1 },
        { head: 'present', of: ({ pages }) => bytes(pages), goes: 3 },
        { head: 'zeroes', of: ({ zeroPages }) => bytes(zeroPages), goes: 2 },
        { head: 'saved within', of: ({ saved: own }) => about(own) },
      ],
      each,
      columns,
    ),
    '',
    ...prose([DOMAINS], columns),
    ...figures([['within tenants', about(saved), `gives up ${about(lostToIsolation)}`]], columns),
    'Possible now:',
    ...figures(possible, columns),
  ];
}

/** What the figures rest on. */
function whatItIs({ isAdvised, tellsFrames, distinct }: Estimate, host: RecordedHost): string[] {
  const { sample } = host.header;
  const all = [...host.guests.values()];
  const images = all.filter(({ facts }) => isImage(facts)).length;
  const long = host.lastSweep === undefined ? '' : `, ${duration(host.lastSweep.durationMs)} long`;
  return [
    whatCounts({ advisedOnly: isAdvised, guests: all.length, images }),
    `One look${long}: a kernel reaches it if nothing changes, and pays for it in time.`,
    ...(tellsFrames ? [] : [FRAMES_UNTOLD]),
    ...(sample === 1
      ? []
      : [
          `Of one content in ${figure(sample)}: what is behind ± holds 95 times in 100 ` +
            `(${count(distinct.pages, 'content')}).`,
        ]),
  ];
}

function figures(rows: readonly Figure[], columns: number): string[] {
  const width = (column: 0 | 1): number => Math.max(0, ...rows.map((row) => row[column].length));
  const [names, sizes] = [width(0), width(1)];
  return rows.flatMap(([name, figure, what]) => {
    const told = `  ${name.padEnd(names)}  ${figure.padStart(sizes)}  `;
    const room = columns - told.length;
    // Where there is none beside them it goes below.
    if (room < LEAST_ROOM && what.length > room)
      return [told.trimEnd(), ...wrapped(what, columns - 4).map((line) => `    ${line}`)];
    return wrapped(what, room).map(
      (line, at) => (at === 0 ? told : ' '.repeat(told.length)) + line,
    );
  });
}
