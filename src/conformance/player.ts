/**
 * Plays a scenario on a host of its own, step by step, and observes the counters where a recording
 * would.
 *
 * In one thread; time stands still. Its memory is just large enough that no step runs out of
 * frames.
 */
import { KsmdError } from '../errors.js';
import { ManualClock } from '../ksm/clock.js';
import { Host } from '../ksm/host.js';
import { type KernelProfile, kernelProfile } from '../ksm/kernels.js';
import { RUN_MERGE } from '../ksm/run.js';
import { VirtualScanner } from '../ksm/virtual-scanner.js';
import { DEFAULT_KERNEL, DEFAULT_PAGE_SIZE } from '../names.js';
import { fillContent } from './content.js';
import { MappedPages } from './effort.js';
import { PagesBeside, type StandIn } from './pages-beside.js';
import { hasAnswers, hasMemory, type Observation, type Op, type Scenario } from './scenario.js';

/** A collapse has a whole huge page before it lets go of the frames that there were. */
const HUGE_PAGE_PAGES = 512;
/** Of a host whose memory its tables are a part of: guests and regions, and more than each page. */
const TABLES_BYTES = 2 ** 21;
const FRAME_AND_TABLES_BYTES = 128;

/** What a step did: the observations after it (one a batch), and the errno of a refused `set`. */
export interface Outcome {
  readonly seen: readonly Observation[];
  readonly error?: string;
}

/** The profile of the kernel that a scenario was recorded on, unless another is asked for. */
export function profileOf({ kernel }: Scenario, override?: string): KernelProfile {
  return kernelProfile(override ?? kernel ?? DEFAULT_KERNEL);
}

interface MappedRegion {
  readonly guest: string;
  /** What the host knows it by. */
  readonly name: string;
  readonly address: number;
  readonly pages: number;
}

export class Player {
  readonly host: Host;
  private readonly scanner: VirtualScanner;
  private readonly regions = new Map<string, MappedRegion>();
  /** Recordings tell what is resident where there are huge pages or forks. */
  private readonly observesMemory: boolean;
  private readonly observesAnswers: boolean;
  private readonly observesPasses: boolean;
  private readonly page: Uint8Array;
  private readonly beside: PagesBeside;

  /** `standIn`: the host holds that in place of pages. */
  constructor(
    scenario: Scenario,
    profile: KernelProfile,
    private readonly standIn?: StandIn,
  ) {
    const mapped = new MappedPages();
    for (const step of scenario.ops) mapped.add(step);
    const pages = mapped.total;
    this.observesMemory = hasMemory(scenario);
    this.observesAnswers = hasAnswers(scenario);
    this.observesPasses = scenario.ops.some((step) => step.op === 'khugepaged');
    const clock = new ManualClock();
    const frames = pages + HUGE_PAGE_PAGES + 16;
    this.host = Host.create(
      {
        ...(standIn === undefined
          ? { memoryBytes: frames * DEFAULT_PAGE_SIZE }
          : { memoryBytes: TABLES_BYTES + frames * FRAME_AND_TABLES_BYTES, ...standIn }),
        guestPages: pages + 64,
        kernel: profile.name,
        otherMappings: scenario.mappings ?? 0,
      },
      clock,
    );
    const { pageSize } = this.host.machine;
    this.page = new Uint8Array(pageSize);
    this.beside = new PagesBeside(pageSize);
    this.scanner = new VirtualScanner(this.host.ksm, clock);
    this.host.files.set('sleep_millisecs', 0);
  }

  /**
   * Takes the step, the `index`th. EINVAL if the host refuses it, as a kernel would: an
   * overlapping region, say.
   */
  play(step: Op, index: number): Outcome {
    try {
      return this.take(step);
    } catch (error) {
      if (error instanceof KsmdError)
        throw new KsmdError('EINVAL', `ops[${index}] (${step.op}): ${error.message}`);
      throw error;
    }
  }

  private take(step: Op): Outcome {
    const { host } = this;
    const { pageSize } = host.machine;
    switch (step.op) {
      case 'set':
        return this.attempt(step.name === 'run', () => host.files.set(step.name, step.value));
      case 'guest':
        host.createGuest(step.guest, step.node);
        return { seen: [] };
      case 'region': {
        const address = Number(step.addr);
        const { guest, region: name, pages, mergeable, huge } = step;
        host.map(guest, name, pages, { address, mergeable, huge });
        this.regions.set(name, { guest, name, address, pages });
        return { seen: [] };
      }
      case 'fork':
        host.fork(step.guest, step.child);
        this.beside.fork(step.guest, step.child);
        for (const [name, region] of [...this.regions])
          if (region.guest === step.guest)
            this.regions.set(`${name}@${step.child}`, { ...region, guest: step.child });
        return { seen: [] };
      case 'fill': {
        const { guest, address, pages } = this.region(step.region);
        const first = step.page ?? 0;
        const count = step.count ?? pages - first;
        const stride = BigInt(step.step ?? 0);
        for (let i = 0; i < count; i++) {
          // Without a stride all pages are the first one, and a random one takes 35 µs to make.
          if (i === 0 || stride !== 0n)
            fillContent(this.page, step.content, BigInt(step.arg ?? 0) + BigInt(i) * stride);
          this.store(guest, address + (first + i) * pageSize, this.page);
        }
        return { seen: [] };
      }
      case 'store': {
        const { guest, address } = this.region(step.region);
        const bytes = new DataView(new ArrayBuffer(8));
        bytes.setBigUint64(0, BigInt(step.value), true);
        const at = address + step.page * pageSize + step.offset;
        this.store(guest, at, new Uint8Array(bytes.buffer));
        return { seen: [] };
      }
      case 'madvise': {
        const { guest, address, pages } = this.region(step.region);
        const first = step.page ?? 0;
        const at = address + first * pageSize;
        const length = (step.count ?? pages - first) * pageSize;
        return this.attempt(true, () => {
          host.madvise(guest, at, length, step.advice);
          if (step.advice === 'dontneed') this.beside.drop(guest, at, length);
        });
      }
      case 'unmap': {
        const { guest, name, address, pages } = this.region(step.region);
        host.unmap(guest, name);
        this.beside.drop(guest, address, pages * pageSize);
        this.regions.delete(step.region);
        return { seen: [this.observe()] };
      }
      case 'bind':
        host.bind(step.guest, step.node);
        return { seen: [] };
      case 'prctl':
        return this.attempt(true, () => host.prctl(step.guest, step.merge));
      case 'exec':
        host.exec(step.guest);
        this.forgetRegionsOf(step.guest);
        return { seen: [this.observe()] };
      case 'exit':
        host.exitGuest(step.guest);
        this.forgetRegionsOf(step.guest);
        return { seen: [this.observe()] };
      case 'scan': {
        host.files.set('pages_to_scan', step.pages);
        host.files.set('run', RUN_MERGE);
        const seen: Observation[] = [];
        for (let i = 0; i < (step.times ?? 1); i++) {
          this.scanner.batch();
          seen.push(this.observe());
        }
        return { seen };
      }
      case 'khugepaged': {
        const seen: Observation[] = [];
        for (let i = 0; i < (step.times ?? 1); i++) {
          host.passKhugepaged(step.pages);
          seen.push(this.observe());
        }
        return { seen };
      }
    }
  }

  /** `bytes` are within one page. */
  private store(guest: string, address: number, bytes: Uint8Array): void {
    const { host, standIn, beside } = this;
    if (standIn === undefined) {
      host.memory.store(guest, address, bytes);
      return;
    }
    const page = beside.store(guest, address, bytes);
    const { pageSize } = host.machine;
    host.memory.storePages(guest, address - (address % pageSize), standIn.of(page));
  }

  /** A step that a kernel may refuse: it says so, and changes what it has changed by then. */
  private attempt(isObserved: boolean, step: () => void): Outcome {
    let refusal: { error?: string } = {};
    try {
      step();
    } catch (error) {
      if (!(error instanceof KsmdError)) throw error;
      refusal = { error: error.code };
    }
    return { seen: isObserved ? [this.observe()] : [], ...refusal };
  }

  private observe(): Observation {
    const { host } = this;
    return {
      counters: { ...host.files.counters() },
      guests: Object.fromEntries(
        host.guests.names().map((guest) => [
          guest,
          {
            ...host.files.guestCounters(guest),
            ...(this.observesAnswers ? host.files.guestAnswers(guest) : {}),
          },
        ]),
      ),
      ...(this.observesMemory ? { memory: this.memory() } : {}),
      ...(this.observesPasses ? { khugepaged: host.khugepaged.counters } : {}),
    };
  }

  private memory(): NonNullable<Observation['memory']> {
    const { host } = this;
    return Object.fromEntries(
      host.guests
        .names()
        .map((guest) => [
          guest,
          { rss: host.guests.presentPages(guest), huge: host.guests.hugePages(guest) },
        ]),
    );
  }

  private forgetRegionsOf(guest: string): void {
    this.beside.forget(guest);
    for (const [name, region] of this.regions)
      if (region.guest === guest) this.regions.delete(name);
  }

  private region(name: string): MappedRegion {
    const region = this.regions.get(name);
    if (region === undefined) throw new KsmdError('EINVAL', `there is no region '${name}'`);
    return region;
  }
}
