/** `ksmd top`: a table of guests, live on a terminal, or once. */
import { Option } from 'commander';
import type { Client } from '../../../client/client.js';
import { footprint } from '../../procps/footprint.js';
import { type GuestSample, guestUsage } from '../../procps/guest-usage.js';
import { samples } from '../../procps/samples.js';
import { TopLive } from '../../procps/top-live.js';
import { topLines } from '../../procps/top-screen.js';
import { usage } from '../../procps/usage.js';
import { parseInterval } from '../../values.js';
import { verb } from '../../verb.js';

const DEFAULT_INTERVAL_SECONDS = 1;

export const top = verb<[], { readonly once?: true; readonly interval?: number }>({
  name: 'top',
  summary: 'guests: what each takes up, what it saves and what it costs',
  details: [
    'On a terminal it goes on until q or Ctrl-C; elsewhere there is one look, unless --interval is given. The first look tells of all the time since the daemon’s start, each other one of the time since the one before.',
    'VIRT: registered; RES: frames it maps, its own and shared; SHR: of these, KSM pages as of the last scan; S: R if a workload of it runs, D if one waits for a free frame, S otherwise; %CPU: processor time of its workloads; %MEM: RES, of all memory.',
    'SAVED: its part of what all guests save, in proportion to its merged pages, and its zero pages; COST: what the kernel spends on knowing its pages, 64 bytes each; %SCAN: its part of the pages that the scanner looked at.',
    'Keys: s m p c n sort by SAVED, RES, %CPU, %SCAN or name; up, down, page up, page down, home and end scroll; q quits.',
  ],
  options: [
    new Option('--once', 'one look, also on a terminal'),
    new Option(
      '--interval <seconds>',
      `between two looks, 0.1 or more (default: ${DEFAULT_INTERVAL_SECONDS})`,
    ).argParser(parseInterval),
  ],
  examples: ['ksmd top', 'ksmd top --once', 'ksmd top --interval 5 --json'],
  json: true,
  run: async ({ client, json, print, printJson }, _values, { once, interval }) => {
    const { stdin, stdout } = process;
    const goesOn = once === undefined && (stdout.isTTY || interval !== undefined);
    const intervalMs = (interval ?? DEFAULT_INTERVAL_SECONDS) * 1000;
    if (goesOn && stdout.isTTY && !json)
      return new TopLive(client, () => look(client), intervalMs).run(stdout, stdin);
    let before: GuestSample | undefined;
    for await (const sample of samples(() => look(client), intervalMs)) {
      if (json) printJson(inJson(sample, before));
      else
        print(
          topLines(sample, before, {
            columns: stdout.columns ?? Number.POSITIVE_INFINITY,
            order: 's',
          }).join('\n'),
        );
      if (!goesOn) break;
      before = sample;
    }
    return undefined;
  },
});

async function look(client: Client): Promise<GuestSample> {
  const [status, guests, workloads] = await Promise.all([
    client.status(),
    client.guests(),
    client.workloads(),
  ]);
  return { takenAt: new Date(), status, guests, workloads };
}

function inJson(now: GuestSample, before: GuestSample | undefined): object {
  const { uptimeMs, scanner } = now.status;
  return {
    uptimeMs,
    scanner: scanner.state,
    ...usage(now.status, before?.status),
    ...footprint(now.status),
    guests: guestUsage(now, before),
  };
}
