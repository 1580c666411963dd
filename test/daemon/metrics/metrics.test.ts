import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { KERNEL_PROFILES } from '../../../src/ksm/kernels.js';
import { freePort } from '../../../tools/load/free-port.js';
import { DaemonProcess, run, TemporaryDirectory } from '../../daemon-process.js';
import { removeTools, tool } from '../../debian-tool.js';
import { until } from '../../until.js';

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

let directory: TemporaryDirectory;
let daemon: DaemonProcess | undefined;
beforeEach(() => {
  directory = new TemporaryDirectory();
});
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
  directory.remove();
});

afterAll(removeTools);

async function start(...args: string[]): Promise<DaemonProcess> {
  daemon = await DaemonProcess.start(args);
  return daemon;
}

/** Two guests, one of which shares. */
async function populate({ client }: DaemonProcess): Promise<void> {
  await client.createGuest('sharing');
  await client.map('sharing', 'memory', { pages: 8 });
  await client.store('sharing', 2 ** 32, Buffer.alloc(8 * 4096, 7));
  await client.createGuest('empty');
  await client.setKsm({ smart_scan: 0 });
  for (let i = 0; i < 3; i++) await client.scan(100);
  await client.store('sharing', 2 ** 32, Buffer.alloc(1, 1));
}

/** By name and labels. */
function valuesOf(exposition: string): Map<string, number> {
  const lines = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' '))),
    ]),
  );
}

/** Families with their types. */
function typesOf(exposition: string): Map<string, string> {
  return new Map(
    [...exposition.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [
      name,
      type,
    ]),
  );
}

test('they tell of the memory, the guests, the scanner and the API what these tell themselves', async () => {
  const running = await start('--run', '0');
  const { client } = running;
  await populate(running);
  const values = valuesOf((await running.curl('/metrics')).body);
  const { memory, counters } = await client.status();
  expect(Object.fromEntries(values)).toMatchObject({
    node_ksmd_full_scans_total: 3,
    ksmd_pages_scanned_total: counters.pages_scanned,
    node_ksmd_pages_shared: 1,
    node_ksmd_pages_sharing: 7,
    node_ksmd_general_profit_bytes: counters.general_profit,
    ksmd_saved_bytes: 6 * 4096,
    'ksmd_equal_pages{of="zeroes"}': 0,
    'ksmd_equal_pages{of="within_guest"}': 6,
    'ksmd_equal_pages{of="between_guests"}': 0,
    ksmd_memory_bytes: memory.totalBytes,
    ksmd_memory_used_bytes: 2 * 4096,
    ksmd_memory_free_bytes: memory.freeBytes,
    ksmd_frames_used: 2,
    ksmd_merges_total: 8,
    ksmd_cow_breaks_total: 1,
    ksmd_guests: 2,
    'ksmd_guest_merging_pages{guest="sharing"}': 8,
    'ksmd_guest_present_pages{guest="sharing"}': 8,
    'ksmd_guest_registered_pages{guest="sharing"}': 8,
    'ksmd_guest_rmap_items{guest="empty"}': 0,
    'ksmd_scanner_state{state="stopped"}': 1,
    'ksmd_scanner_state{state="running"}': 0,
    'ksmd_advisor_mode{mode="none"}': 1,
    'ksmd_http_requests_total{method="POST",route="/v1/scan",code="200"}': 3,
    'ksmd_http_requests_total{method="PUT",route="/v1/guests/:guest",code="201"}': 2,
  });
});

test('a counter never falls but to 0: full_scans does when run is set to 2', async () => {
  const running = await start('--run', '0');
  const { client } = running;
  await populate(running);
  const before = (await running.curl('/metrics')).body;
  await client.restartScanner();
  await client.setKsm({ run: 2 });
  const after = valuesOf((await running.curl('/metrics')).body);
  expect(after.get('node_ksmd_full_scans_total')).toBe(0);
  expect(after.get('ksmd_scanner_restarts_total')).toBe(1);
  const counters = [...typesOf(before)]
    .filter(([, type]) => type === 'counter')
    .map(([name]) => name);
  expect(counters.length).toBeGreaterThan(8);
  for (const [series, value] of valuesOf(before)) {
    const now = after.get(series) ?? -1;
    if (counters.includes(series.replace(/\{.*/, '')))
      expect(now === 0 || now >= value, `${series}: ${value}, then ${now}`).toBe(true);
  }
});

test.each(KERNEL_PROFILES)(
  "of the kernel's files they have those of Linux $name",
  async ({ name, counters, tunables }) => {
    const running = await start('--kernel', name);
    const { body } = await running.curl('/metrics');
    expect(body.includes('ksmd_pages_skipped_total')).toBe(
      counters.some((counter) => counter === 'pages_skipped'),
    );
    expect(body.includes('node_ksmd_merge_across_nodes')).toBe(
      tunables.some((tunable) => tunable === 'merge_across_nodes'),
    );
  },
);

test('they are answered over TCP too, and while the scanner is being restarted', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  const running = await start('--http', address);
  // One that had to wait for the new scanner would never find it on its way.
  await until('one is answered meanwhile', async () => {
    const restarted = running.client.restartScanner();
    const { body } = await running.curl('/metrics');
    await restarted;
    return valuesOf(body).get('ksmd_scanner_state{state="restarting"}') === 1;
  });
  const { stdout } = await run('curl', ['-s', '-D', '-', `http://${address}/metrics`]);
  expect(stdout).toMatch(/^content-type: text\/plain; version=0\.0\.4; charset=utf-8\r$/m);
  expect(stdout).toMatch(/^ksmd_scanner_restarts_total [1-9]\d*$/m);
});

test('whoever accepts OpenMetrics gets it, with the same values', async () => {
  const running = await start('--run', '0');
  await populate(running);
  const { body } = await running.curl('/metrics', '-H', `accept: ${OPEN_METRICS}`, '-D', '-');
  expect(body).toMatch(
    /^content-type: application\/openmetrics-text; version=1\.0\.0; charset=utf-8\r$/m,
  );
  expect(body.endsWith('\n# EOF\n')).toBe(true);
  expect(typesOf(body).get('node_ksmd_full_scans')).toBe('counter');
  const plain = (await running.curl('/metrics')).body;
  expect(typesOf(plain).get('node_ksmd_full_scans_total')).toBe('counter');
  const open = valuesOf(body.slice(body.indexOf('\r\n\r\n') + 4));
  // The request before is among those counted now.
  expect([...open.keys()]).toEqual(
    [...valuesOf(plain).keys()].filter((series) => !series.includes('route="/metrics"')),
  );
});

test('promtool finds nothing to mend in them', async (ctx) => {
  const { path } = await tool(ctx, 'promtool', ['prometheus']);
  const running = await start('--run', '0');
  await populate(running);
  const { body } = await running.curl('/metrics');
  expect(await run(path, ['check', 'metrics'], { input: body })).toEqual({
    status: 0,
    stdout: '',
    stderr: '',
  });
});

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
  readonly templating: {
    readonly list: readonly { readonly query: string | { readonly query: string } }[];
  };
}

const DASHBOARD = JSON.parse(
  readFileSync(new URL('../../../contrib/grafana-dashboard.json', import.meta.url), 'utf8'),
) as Dashboard;

test("every metric that the dashboard's queries name is there", async () => {
  const running = await start('--run', '0');
  await populate(running);
  const names = new Set(
    [...valuesOf((await running.curl('/metrics')).body).keys()].map((series) =>
      series.replace(/\{.*/, ''),
    ),
  );
  const queries = [
    ...DASHBOARD.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...DASHBOARD.templating.list.flatMap(({ query }) =>
      typeof query === 'string' ? [] : [query.query],
    ),
  ];
  expect(queries.length).toBeGreaterThan(20);
  for (const query of queries) {
    const named = query.match(/\b(node_ksmd|ksmd|process)_\w+/g) ?? [];
    expect(named.length, query).toBeGreaterThan(0);
    expect(
      named.filter((name) => !names.has(name)),
      query,
    ).toEqual([]);
  }
});

test('the dashboard shows huge pages, and how many are split and made', () => {
  const queries = DASHBOARD.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  for (const name of [
    'ksmd_guest_huge_pages',
    'ksmd_splits_total',
    'ksmd_khugepaged_pages_collapsed_total',
  ])
    expect(queries.filter((query) => query.includes(name))).toHaveLength(1);
});

test("Prometheus scrapes them, and answers the dashboard's queries from them", async (ctx) => {
  const { path } = await tool(ctx, 'prometheus', ['prometheus']);
  const address = `127.0.0.1:${await freePort()}`;
  await populate(await start('--run', '0', '--http', address));
  const own = `127.0.0.1:${await freePort()}`;
  const config = directory.file('prometheus.json');
  const scrape = {
    job_name: 'ksmd',
    scrape_interval: '200ms',
    scrape_timeout: '200ms',
    static_configs: [{ targets: [address] }],
  };
  // YAML takes JSON.
  writeFileSync(config, JSON.stringify({ scrape_configs: [scrape] }));
  mkdirSync(directory.file('data'));
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${directory.file('data')}`,
    `--web.listen-address=${own}`,
  ];
  const prometheus = spawn(path, args, { stdio: 'ignore' });
  try {
    const seriesOf = (query: string): Promise<number> => series(prometheus, own, query);
    // A rate takes two scrapes.
    await until(
      'it has scraped',
      async () => (await seriesOf('rate(ksmd_pages_scanned_total[1m])')) === 1,
    );
    // A scrape that a busy machine does not answer in time has nothing for the moment it is of.
    const given = (query: string, least: number): Promise<true> =>
      until(query, async () => (await seriesOf(query)) >= least);
    await given('node_ksmd_pages_sharing == 7', 1);
    for (const { title, targets } of DASHBOARD.panels) {
      for (const { expr } of targets) {
        const query = expr
          .replaceAll('$__rate_interval', '1m')
          .replaceAll('$job', 'ksmd')
          .replaceAll('$instance', address)
          .replaceAll('$guest', '.*');
        // Nothing scans here, so no full scan takes any time.
        const least = title === 'Time of a full scan' ? 0 : 1;
        await given(query, least);
      }
    }
  } finally {
    prometheus.kill('SIGKILL');
    if (prometheus.exitCode === null && prometheus.signalCode === null)
      await once(prometheus, 'exit');
  }
});

/** How many series a query gives. */
async function series(prometheus: ChildProcess, address: string, query: string): Promise<number> {
  if (prometheus.exitCode !== null)
    throw new Error(`Prometheus ended with status ${prometheus.exitCode}`);
  const { stdout } = await run('curl', [
    '-s',
    '-G',
    '--data-urlencode',
    `query=${query}`,
    `http://${address}/api/v1/query`,
  ]);
  // Nothing yet, or 'Service Unavailable': it is about to start.
  if (!stdout.startsWith('{')) return 0;
  const answer = JSON.parse(stdout) as {
    status: string;
    error?: string;
    data: { result: unknown[] };
  };
  if (answer.status !== 'success') throw new Error(`${query}: ${answer.error}`);
  return answer.data.result.length;
}
