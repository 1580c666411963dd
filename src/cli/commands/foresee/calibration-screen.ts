/** What `ksmd calibrate` has found, as tables: each price, and how well they explain the work. */
import type { Calibration } from '../../../prices/calibration/calibrate.js';
import type { Waking } from '../../../prices/prices.js';
import { count, percent } from '../../../wording/amounts.js';
import { micro } from '../../terminal/column-figures.js';
import { prose } from '../../terminal/rows.js';
import { wordedTable } from '../../terminal/worded-table.js';
import { writeFaultSentence } from './write-fault.js';

/** What a batch takes longer on a processor that has slept before it. */
const wakingRow = ({ mostNs }: Waking): [string, string] => [
  'and waking up for it, at most',
  micro(mostNs),
];

const inHugePagesRow = (share: number): [string, string] => [
  '  where huge pages were, of that',
  percent(share),
];

export function calibrationScreen(
  { prices, fit, ownWriteNs }: Calibration,
  room = Number.POSITIVE_INFINITY,
): string[] {
  const levels = (of: typeof prices.stableLevels): [string, string][] =>
    of.map(({ pages, ns }) => [`  of ${count(pages, 'page')}`, micro(ns)]);
  return [
    ...prose([prices.measuredOn], room),
    '',
    ...wordedTable(
      ['THE KERNEL PAYS FOR', 'µs'],
      [
        ['a visit to a merged page', micro(prices.mergedVisit)],
        ['another, merged with the same', micro(prices.repeatedVisit)],
        ...(prices.mergedInHugePages === undefined
          ? []
          : [inHugePagesRow(prices.mergedInHugePages)]),
        ['a visit to another page', micro(prices.visit)],
        ['the first visit to a page, besides', micro(prices.itemMade)],
        ['a page that smart scan leaves out', micro(prices.skip)],
        ['a level of the stable tree', ''],
        ...levels(prices.stableLevels),
        ['a level of the unstable tree', ''],
        ...levels(prices.unstableLevels),
        ['  in huge pages, of that', percent(prices.inHugePages)],
        ['a KiB that two pages begin alike', micro(prices.alikeKib)],
        ['a page merged', micro(prices.merge)],
        ['a huge page split', micro(prices.split)],
        ['a batch, besides', micro(prices.batch)],
        ...(prices.waking === undefined ? [] : [wakingRow(prices.waking)]),
        ["a guest's write to a merged page", micro(prices.writeFault)],
      ],
      room,
    ),
    '',
    ...wordedTable(
      ['SCANNED', 'µs A VISIT', 'PRICED'],
      fit.map(({ kind, visits, measuredNs, pricedNs, isLearnedFrom }) => [
        kind,
        micro(measuredNs / visits),
        isLearnedFrom ? 'learned from' : percent(pricedNs / measuredNs),
      ]),
      room,
    ),
    '',
    ...prose(
      [
        'PRICED: what all prices together come to, of the time that it took. 100 % is exact;\n' +
          'more would be predicted too dear, less too cheap.',
        writeFaultSentence(prices),
        `The next write, to a page of its own, takes ${micro(ownWriteNs)} µs.`,
      ],
      room,
    ),
  ];
}
