/** What somebody else writes against `ksmd/sim`: two guests with one page in common. */
import { type CounterName, Simulation } from 'ksmd/sim';

const simulation = new Simulation({ memoryBytes: 2 ** 20 });
for (const guest of ['alice', 'bob']) {
  simulation.createGuest(guest);
  const { address } = simulation.map(guest, 'ram', { pages: 1 });
  simulation.store(guest, address, new Uint8Array(simulation.pageSize).fill(7));
}
simulation.fullScan();
simulation.fullScan();
const counters = simulation.counters();
const shown: readonly CounterName[] = ['pages_shared', 'pages_sharing', 'full_scans'];
for (const name of shown) console.log(`${name} ${counters[name]}`);
for (const sentence of simulation.check()) console.log(sentence);
