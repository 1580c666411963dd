/** What somebody writes against the client that openapi-typescript and openapi-fetch make. */
import createClient from 'openapi-fetch';
import { Agent } from 'undici';
import type { components, paths } from './ksmd.js';

const [, , socketPath = '', overTcp = ''] = process.argv;
const dispatcher = new Agent({ connect: { socketPath } });
const ksmd = createClient<paths>({
  baseUrl: 'http://localhost',
  fetch: (request) => fetch(request, { dispatcher }),
});
const looking = createClient<paths>({ baseUrl: overTcp });

const page = new Uint8Array(4096).fill(7);
for (const guest of ['alice', 'bob']) {
  const path = { guest, region: 'ram' };
  await ksmd.PUT('/v1/guests/{guest}', { params: { path } });
  const region = await ksmd.PUT('/v1/guests/{guest}/regions/{region}', {
    params: { path },
    body: { pages: 2 },
  });
  const address = String(region.data?.address);
  const stored = await ksmd.PUT('/v1/guests/{guest}/memory', {
    params: { path, query: { address } },
    headers: { 'content-type': 'application/octet-stream' },
    body: '',
    bodySerializer: () => page,
  });
  const read = await ksmd.GET('/v1/guests/{guest}/memory', {
    params: { path, query: { address, length: '2' } },
    parseAs: 'arrayBuffer',
  });
  console.log(guest, stored.data?.bytesStored, ...new Uint8Array(read.data ?? new ArrayBuffer()));
}

const { data: stream } = await looking.GET('/v1/events', { parseAs: 'stream' });
await ksmd.POST('/v1/scan', { body: { pages: 100 } });
const scanned = await ksmd.POST('/v1/scan', { body: { pages: 100 } });
console.log('pages_sharing', scanned.data?.counters.pages_sharing);

let events = '';
for await (const bytes of stream ?? []) {
  events += new TextDecoder().decode(bytes);
  const [, data] = /^event: full_scan\ndata: (.*full_scans":2.*)$/m.exec(events) ?? [];
  if (data === undefined) continue;
  const told: components['schemas']['FullScanEvent'] = JSON.parse(data);
  console.log('full_scan', told.full_scans, told.pages_sharing);
  break;
}

const report = await looking.GET('/v1/report');
console.log('over TCP', report.data?.guests.map(({ name }) => name).join(' '));
const { error } = await looking.POST('/v1/scan', { body: { pages: 1 } });
console.log(error?.error.code);
