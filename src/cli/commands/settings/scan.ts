/** `ksmd scan`: batches, one after another, while the scanner does not run by itself. */
import { Option } from 'commander';
import { count, pairs } from '../../terminal/wording.js';
import { parsePositive } from '../../values.js';
import { verb } from '../../verb.js';

export const scan = verb<[], { readonly pages?: number; readonly times: number }>({
  name: 'scan',
  summary: 'scan batch by batch while run is 0',
  options: [
    new Option('--pages <n>', 'pages a batch (default: pages_to_scan)').argParser(parsePositive),
    new Option('--times <n>', 'batches').argParser(parsePositive).default(1),
  ],
  examples: ['ksmd set run=0 && ksmd scan --pages 1000', 'ksmd scan --times 3'],
  json: true,
  hints: { EBUSY: "'ksmd set run=0' stops it" },
  run: async ({ client, json, print, printJson }, _values, { pages, times }) => {
    const batch = pages ?? Number((await client.ksm()).pages_to_scan);
    let visited = 0;
    for (let left = times; left > 0; left--) {
      const { visitedPages, counters } = await client.scan(batch);
      visited += visitedPages;
      if (left > 1) continue;
      if (json) printJson({ visitedPages: visited, counters });
      else
        print(
          `${count(visited, 'page')} visited\n${pairs(Object.entries(counters).map(([name, value]) => [name, String(value)]))}`,
        );
    }
    return undefined;
  },
});
