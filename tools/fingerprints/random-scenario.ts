/**
 * Random scenarios: few guests, few different contents, small regions and huge pages, forks, and
 * every kind of step, so that chains fill, nodes go stale and pages change between two visits.
 */
import { parseScenario, type Scenario } from '../../src/conformance/scenario.js';
import { kernelProfile, type ProfileName } from '../../src/ksm/kernels.js';
import { randomIntegers } from '../../src/workload/random.js';
import { picked } from '../fuzz-files/mutated-json.js';

const KERNELS: readonly ProfileName[] = ['6.18', '6.12', '6.1', '2.6.32'];
const HUGE_PAGE_PAGES = 512;
const MOST_GUESTS = 6;

interface Region {
  readonly guest: string;
  readonly address: number;
  readonly pages: number;
  readonly huge: boolean;
}

/** The same for the same seed. */
export function randomScenario(seed: number): Scenario {
  return new Making(seed).scenario();
}

class Making {
  private readonly random: (below: number) => number;
  private readonly ops: object[] = [];
  private readonly guests: string[] = [];
  private readonly regions = new Map<string, Region>();
  private readonly kernel: ProfileName;
  private readonly hasHugePages: boolean;
  private readonly contents: number;
  private made = 0;

  constructor(private readonly seed: number) {
    this.random = randomIntegers(seed);
    this.kernel = picked(KERNELS, this.random);
    this.hasHugePages = this.kernel !== '2.6.32' && this.isOneIn(2);
    this.contents = picked([2, 5, 20, 200], this.random);
  }

  scenario(): Scenario {
    const { kernel, seed } = this;
    this.settings();
    for (let i = 0; i <= this.random(3); i++) this.newGuest();
    for (let i = 0; i < 10 + this.random(30); i++) this.step();
    this.add('scan', { pages: 1000, times: 6 });
    return parseScenario(JSON.stringify({ name: `random-${seed}`, kernel, ops: this.ops }));
  }

  private settings(): void {
    const { maxPageSharing, zeroPages, smartScan } = knobs(this.kernel);
    if (maxPageSharing) {
      if (this.isOneIn(2)) this.set('max_page_sharing', picked([2, 3, 4, 8], this.random));
      this.set('stable_node_chains_prune_millisecs', picked([0, 100_000_000], this.random));
    }
    if (smartScan && this.isOneIn(2)) this.set('smart_scan', 0);
    if (zeroPages && this.isOneIn(2)) this.set('use_zero_pages', 1);
  }

  private step(): void {
    const { random, guests } = this;
    const chance = random(100);
    if (chance < 50)
      this.add('scan', { pages: picked([5, 33, 100, 1000], random), times: 1 + random(7) });
    else if (this.regions.size === 0) this.newGuest();
    else if (chance < 66) this.store();
    else if (chance < 76) this.fill(this.someRegion());
    else if (chance < 82) this.advise();
    else if (chance < 85) this.unmap(this.someRegion());
    else if (chance < 88 && guests.length > 1) this.exit(picked(guests, random));
    else if (chance < 92 && guests.length < MOST_GUESTS) this.fork(picked(guests, random));
    else if (chance < 96) this.newRegion(picked(guests, random));
    else if (chance < 98) this.newGuest();
    else this.set('run', picked([0, 2], random));
  }

  private newGuest(): void {
    const guest = `g${this.made++}`;
    this.guests.push(guest);
    this.add('guest', { guest });
    for (let i = 0; i <= this.random(3); i++) this.newRegion(guest);
  }

  private newRegion(guest: string): void {
    const { random } = this;
    const huge = this.hasHugePages && this.isOneIn(2);
    const pages = huge ? HUGE_PAGE_PAGES : picked([4, 8, 16, 32, 64], random);
    const address = 0x2_0000_0000 + 0x1000_0000 * random(64);
    const isTaken = [...this.regions.values()].some(
      (region) => region.guest === guest && region.address === address,
    );
    if (isTaken) return;
    const region = `r${this.made++}`;
    const mergeable = !this.isOneIn(10);
    const addr = `0x${address.toString(16)}`;
    this.add('region', { guest, region, addr, pages, huge, mergeable });
    this.regions.set(region, { guest, address, pages, huge });
    this.fill(region);
  }

  private fill(region: string): void {
    const { random } = this;
    const content = picked(['zero', 'tail', 'tail', 'head', 'rand', 'rand'], random);
    const isZero = content === 'zero';
    const step = isZero ? 0 : picked([0, 0, 1, 1, 3], random);
    const arg = isZero ? 0 : 1 + random(this.contents);
    this.add('fill', { region, ...this.part(region), content, arg, step });
  }

  private store(): void {
    const { random } = this;
    const region = this.someRegion();
    const page = random(this.regions.get(region)?.pages ?? 1);
    const offset = picked([0, 8, 2048, 4088], random);
    this.add('store', { region, page, offset, value: random(4) });
  }

  private advise(): void {
    const region = this.someRegion();
    if (this.regions.get(region)?.huge === true && this.isOneIn(2))
      this.add('madvise', { region, page: 0, count: HUGE_PAGE_PAGES, advice: 'collapse' });
    else {
      const advice = picked(['dontneed', 'dontneed', 'unmergeable', 'mergeable'], this.random);
      this.add('madvise', { region, ...this.part(region), advice });
    }
  }

  private fork(guest: string): void {
    const child = `c${this.made++}`;
    this.guests.push(child);
    this.add('fork', { guest, child });
    for (const [name, region] of [...this.regions])
      if (region.guest === guest) this.regions.set(`${name}@${child}`, { ...region, guest: child });
  }

  private unmap(region: string): void {
    this.regions.delete(region);
    this.add('unmap', { region });
  }

  private exit(guest: string): void {
    this.guests.splice(this.guests.indexOf(guest), 1);
    for (const [name, region] of this.regions)
      if (region.guest === guest) this.regions.delete(name);
    this.add('exit', { guest });
  }

  /** Some pages of it, in a row. */
  private part(region: string): { readonly page: number; readonly count: number } {
    const pages = this.regions.get(region)?.pages ?? 1;
    const page = this.isOneIn(2) ? 0 : this.random(pages);
    return { page, count: 1 + this.random(pages - page) };
  }

  private someRegion(): string {
    return picked([...this.regions.keys()], this.random);
  }

  private set(name: string, value: number): void {
    this.add('set', { name, value });
  }

  private add(op: string, fields: object): void {
    this.ops.push({ op, ...fields });
  }

  private isOneIn(n: number): boolean {
    return this.random(n) === 0;
  }
}

/** What there is to set. */
function knobs(kernel: ProfileName): Readonly<Record<string, boolean>> {
  const { chains, zeroPages, smartScan } = kernelProfile(kernel);
  return { maxPageSharing: chains !== 'none', zeroPages: zeroPages !== 'none', smartScan };
}
