/** `ksmd top`: a table of guests, live on a terminal, or once. */
import type { Client } from '../../../client/client.js';
import { footprint } from '../../procps/footprint.js';
import { FullScans } from '../../procps/full-scans.js';
import { type GuestSample, guestUsage, type ScanSpan } from '../../procps/guest-usage.js';
import { DEFAULT_INTERVAL_SECONDS, samples } from '../../procps/samples.js';
import { DEFAULT_ORDER } from '../../procps/top-columns.js';
import { TopLive } from '../../procps/top-live.js';
import { topLines } from '../../procps/top-screen.js';
import { usage } from '../../procps/usage.js';
import { isScreen } from '../../terminal/live-screen.js';
import type { Action } from '../../verb.js';

export const action: Action<[], { readonly once?: true; readonly interval?: number }> = async (
  { client, json, printStyled, printJson },
  _values,
  { once, interval },
) => {
  const { stdin, stdout } = process;
  const goesOn = once === undefined && (isScreen(stdout) || interval !== undefined);
  const intervalMs = (interval ?? DEFAULT_INTERVAL_SECONDS) * 1000;
  if (goesOn && isScreen(stdout) && !json)
    return new TopLive(client, () => look(client), intervalMs).show(stdout, stdin);
  const scans = new FullScans();
  let before: GuestSample | undefined;
  for await (const sample of samples(() => look(client), intervalMs)) {
    scans.see(sample);
    const { last: lastScan, doneShare } = scans;
    if (json) printJson(inJson(sample, before, lastScan));
    else {
      const columns = stdout.columns ?? Number.POSITIVE_INFINITY;
      const found = { now: sample, before, lastScan, doneShare };
      for (const line of topLines(found, { columns, order: DEFAULT_ORDER })) printStyled(line);
    }
    if (!goesOn) break;
    before = sample;
  }
  return undefined;
};

async function look(client: Client): Promise<GuestSample> {
  const [status, guests, workloads] = await Promise.all([
    client.status(),
    client.guests(),
    client.workloads(),
  ]);
  return { takenAt: new Date(), status, guests, workloads };
}

function inJson(
  now: GuestSample,
  before: GuestSample | undefined,
  lastScan: ScanSpan | undefined,
): object {
  const { uptimeMs, scanner } = now.status;
  return {
    uptimeMs,
    scanner: scanner.state,
    ...usage(now.status, before?.status),
    ...footprint(now.status),
    scannerShareSinceStart: lastScan === undefined,
    guests: guestUsage(now, before, lastScan),
  };
}
