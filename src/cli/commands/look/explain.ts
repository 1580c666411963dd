/** `ksmd explain`: one page: why it is merged or not, and what will become of it. */
import { Argument, Option } from 'commander';
import type { Page } from '../../../protocol/pages.js';
import { count, hex, pairs } from '../../terminal/wording.js';
import { parseBytes, parseCount } from '../../values.js';
import { verb } from '../../verb.js';

export const explain = verb<[string, number], { readonly twins?: number }>({
  name: 'explain',
  summary: 'why a page is merged or not, and what comes next',
  arguments: [
    new Argument('<guest>', 'whose page'),
    new Argument('<address>', 'any address in the page').argParser(parseBytes),
  ],
  options: [
    new Option('--twins <n>', 'name so many pages with the same content (default: 10)').argParser(
      parseCount,
    ),
  ],
  examples: ['ksmd explain web 0x10000', 'ksmd explain web 64KiB --twins 100 --json'],
  json: true,
  hints: {
    EFAULT: "'ksmd guests GUEST' shows where its regions are",
    ENOENT: "'ksmd guests' lists them",
  },
  run: async ({ client, json, print, printJson }, [guest, address], { twins }) => {
    const page = await client.page(guest, address, twins);
    if (json) printJson(page);
    else print(inWords(page));
    return undefined;
  },
});

function inWords({ page, state, why, next, checksum, frame, age, twinCount, twins }: Page): string {
  const held =
    frame === undefined
      ? 'none'
      : `${frame.number}, which ${count(frame.mappings, 'page')} ${frame.mappings === 1 ? 'maps' : 'map'}`;
  return pairs([
    ['page', `${hex(page.address)} of guest ${page.guest}, region ${page.region}`],
    ['state', state],
    ['why', why],
    ['next', next],
    ['frame', held],
    ...(checksum === undefined ? [] : ([['checksum', checksum]] as const)),
    ['age', count(age, 'visit')],
    ...(twinCount === 0 ? [] : ([['twins', twinsInWords(twinCount, twins)]] as const)),
  ]);
}

function twinsInWords(total: number, named: Page['twins']): string {
  const names = named.map(({ guest, address }) => `${guest} ${hex(address)}`);
  return [
    ...names,
    ...(total > named.length ? [`and ${count(total - named.length, 'more', 'more')}`] : []),
  ].join(', ');
}
