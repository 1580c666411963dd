/** Verbs on what /sys/kernel/mm/ksm would show, and transparent_hugepage/khugepaged. */
import { Argument, Option } from 'commander';
import { parseAssignment, parsePositive } from '../../values.js';
import { verb } from '../../verb.js';

export const get = verb({
  name: 'get',
  summary: 'print counters and tunables',
  arguments: [new Argument('[name...]', 'these only (default: all)')],
  details: ["khugepaged's begin with khugepaged/."],
  examples: [
    'ksmd get',
    'ksmd get pages_shared pages_sharing',
    'ksmd get khugepaged/pages_collapsed --json',
  ],
  json: true,
  load: () => import('./get.js'),
});

export const set = verb({
  name: 'set',
  summary: 'write tunables, all of them or none',
  arguments: [new Argument('<name=value...>').argParser(parseAssignment)],
  details: ["khugepaged's begin with khugepaged/."],
  examples: [
    'ksmd set run=0',
    'ksmd set pages_to_scan=1000 sleep_millisecs=20',
    'ksmd set khugepaged/max_ptes_none=0',
  ],
  json: true,
  load: () => import('./set.js'),
});

export const scan = verb({
  name: 'scan',
  summary: 'scan batch by batch while run is 0',
  options: [
    new Option('--pages <n>', 'pages a batch (default: pages_to_scan)').argParser(parsePositive),
    new Option('--times <n>', 'batches').argParser(parsePositive).default(1),
  ],
  examples: ['ksmd set run=0 && ksmd scan --pages 1000', 'ksmd scan --times 3'],
  json: true,
  hints: { EBUSY: "'ksmd set run=0' stops it" },
  load: () => import('./scan.js'),
});
