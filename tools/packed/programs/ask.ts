/** What somebody else writes against `ksmd/client`: the same, on the daemon that listens. */
import { Client, isKsmdError, type ScanAnswer } from 'ksmd/client';

const [, , socketPath = ''] = process.argv;
const client = new Client(socketPath);
for (const guest of ['alice', 'bob']) {
  await client.createGuest(guest);
  const { address } = await client.map(guest, 'ram', { pages: 1 });
  await client.store(guest, address, new Uint8Array(4096).fill(7));
}
await client.scan(100);
const { counters }: ScanAnswer = await client.scan(100);
for (const name of ['pages_shared', 'pages_sharing', 'full_scans'])
  console.log(`${name} ${counters[name]}`);
for (const sentence of await client.check()) console.log(sentence);
try {
  await client.guest('carol');
} catch (error) {
  if (!isKsmdError(error, 'ENOENT')) throw error;
  console.log(error.message);
}
client.close();
