/**
 * The map, the live stream and the dashboard's files, as a real daemon serves them on its socket
 * and over TCP.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PageMapAnswer } from '../../../src/protocol/routes/live.js';
import { applyRunLengths } from '../../../src/protocol/run-lengths.js';
import { freePort } from '../../../tools/load/free-port.js';
import { DaemonProcess } from '../../daemon-process.js';

const PAGE = 4096;

let daemon: DaemonProcess;
let url: string;
beforeAll(async () => {
  const port = await freePort();
  daemon = await DaemonProcess.start(['--run', '0', '--http', `127.0.0.1:${port}`]);
  url = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

/** Server-sent events over TCP, as they come. */
async function* events(
  signal: AbortSignal,
): AsyncGenerator<{ event: string; data: Record<string, unknown> }> {
  const answer = await fetch(`${url}/v1/live`, { signal });
  let rest = '';
  for await (const part of (answer.body ?? new ReadableStream()).pipeThrough(
    new TextDecoderStream(),
  )) {
    const whole = (rest + part).split('\n\n');
    rest = whole.pop() ?? '';
    for (const text of whole) {
      const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/.exec(text) ?? [];
      yield { event, data: JSON.parse(data) };
    }
  }
}

test('the map says of every page what it is, on the socket and over TCP', async () => {
  await daemon.client.createGuest('a');
  const { address } = await daemon.client.map('a', 'r', { pages: 40 });
  await daemon.client.store('a', address, Buffer.alloc(30 * PAGE, 1));
  for (let i = 0; i < 4; i++) await daemon.client.scan(1000);
  const map = (await (await fetch(`${url}/v1/map`)).json()) as PageMapAnswer;
  const states = new Uint8Array(map.slots);
  applyRunLengths(map.runs, states, () => {});
  const [region] = map.guests[0]?.regions ?? [];
  expect(region).toMatchObject({ name: 'r', address, pages: 40 });
  const names = [...states.subarray(region?.first, (region?.first ?? 0) + 40)].map(
    (state) => map.states[state],
  );
  expect(names).toEqual([...Array(30).fill('shared'), ...Array(10).fill('untouched')]);
  expect((await daemon.curlJson('/v1/map')).json).toMatchObject({ guests: map.guests });
  await daemon.client.removeGuest('a');
});

test('a tunable that somebody sets is told to whoever looks', async () => {
  const stop = new AbortController();
  const names: string[] = [];
  for await (const { event, data } of events(stop.signal)) {
    names.push(event);
    if (event !== 'files') continue;
    const { tunables } = data as { tunables: Record<string, unknown> };
    if (tunables.pages_to_scan === 100) await daemon.client.setKsm({ pages_to_scan: 321 });
    if (tunables.pages_to_scan === 321) break;
  }
  expect(names.slice(0, 2)).toEqual(['history', 'files']);
  stop.abort();
});

test('the page and its files come with a policy that lets nothing else in; nothing else is to be had', async () => {
  const page = await fetch(`${url}/`);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const html = await page.text();
  expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=/);
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
  expect(files.length).toBeGreaterThan(4);
  const seen = new Set<string>();
  for (const path of files) {
    expect(path).toMatch(/^\/dashboard\//);
    seen.add(path);
  }
  for (const path of seen) {
    const file = await fetch(url + path);
    expect(file.status, path).toBe(200);
    expect(file.headers.get('content-security-policy')).toContain(
      "default-src 'none'; script-src 'self'",
    );
    expect(file.headers.get('x-content-type-options')).toBe('nosniff');
    for (const [, imported] of (await file.text()).matchAll(/^import .* from '(\.[\w./-]+\.js)'/gm))
      seen.add(new URL(imported ?? '', url + path).pathname);
  }
  expect(seen.has('/dashboard/web/map/mirror.js')).toBe(true);
  for (const path of [
    '/dashboard/web/main.ts',
    '/dashboard/..%2f..%2fpackage.json',
    '/dashboard/',
    '/dashboard/__proto__',
  ]) {
    expect((await fetch(url + path)).status, path).toBe(404);
  }
  expect((await daemon.curl('/')).body).toBe(html);
});
