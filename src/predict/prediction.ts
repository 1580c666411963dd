/**
 * What KSM would do for a recorded host: the recording is played through the same machine and scans
 * as the daemon's, in one thread, by a clock that jumps. A batch takes as long as the kernel's
 * would, a nap ends with a tick of its timer; nothing else takes time.
 *
 * The same recording and settings give the same samples, byte for byte.
 */
import { KsmdError } from '../errors.js';
import { FINGERPRINT_BYTES } from '../fingerprints/fingerprint.js';
import { countForkSharing, type Family, families } from '../inspect/fork-sharing.js';
import { givenBackPages } from '../inspect/given-back.js';
import { hugePages, hugePagesInUse, population } from '../inspect/population.js';
import { savings } from '../inspect/savings.js';
import { takeUnmerged, type Unmerged } from '../inspect/unmerged.js';
import { KHUGEPAGED_TUNABLE_NAMES } from '../khugepaged/tunables.js';
import { DEFAULT_TICK_MS, ManualClock } from '../ksm/clock.js';
import { readCounter } from '../ksm/counters.js';
import { Host } from '../ksm/host.js';
import type { ProfileName } from '../ksm/kernels.js';
import { type Activity, IDLE } from '../ksm/pace.js';
import { RUN_MERGE } from '../ksm/run.js';
import type { TunableValue } from '../ksm/tunables.js';
import { finish } from '../machine/long-work.js';
import { APART_REASONS, KHUGEPAGED } from '../names.js';
import { KernelMeter } from '../prices/kernel-meter.js';
import type { Prices } from '../prices/prices.js';
import type { Recording } from '../recording/recording.js';
import { alikeKib } from './alike.js';
import { Calm } from './calm.js';
import { numberedDomains } from './domains.js';
import { RecordedHostMemory } from './host-memory.js';
import { LastPart } from './last-part.js';
import { hostBytes } from './memory-need.js';
import { leastSeconds, type Policy, type PolicyChoice, policyOf } from './policy.js';
import { isKhugepagedAtWork } from './recorded-khugepaged.js';
import { type LeftOut, RecordedLoad } from './recorded-load.js';
import { SampleScale, type Saved } from './sample-scale.js';
import { SampleSeries } from './sample-series.js';
import { type Survey, survey } from './survey.js';

/** Of pages that are gone, entries stay until the scanner has passed. */
const SLACK = 1.15;
/** No batch is for nothing, whatever the prices are: else without naps no time would pass. */
const LEAST_BATCH_NS = 1000;
/** To look at what was done takes as long as to visit so many pages. */
const PAID_TOGETHER_PAGES = 64;
const MERGE_ACROSS_NODES = 'merge_across_nodes';
/** Progress is told whenever so much more of the time is behind it. */
const TOLD_SHARE = 0.01;
/** Of one prediction: each takes about a kilobyte. */
const MOST_SAMPLES = 1_000_000;

export interface PredictOptions {
  readonly prices: Prices;
  readonly kernel: ProfileName;
  /** Tunables, before the scanner begins. */
  readonly set: readonly (readonly [string, TunableValue])[];
  /** Whoever writes tunables meanwhile. */
  readonly policy?: PolicyChoice;
  /** Seconds to be predicted; default: as long as the recording is. */
  readonly seconds?: number;
  /** Or at least so long, if the recording is shorter; default: `leastSeconds` of the policy. */
  readonly atLeastSeconds?: number;
  /** Seconds between two samples: default 1, and coarser after ten minutes. */
  readonly everySeconds?: number;
  /** Ends sooner, once the recording is over and nothing has merged or come apart for long. */
  readonly endsAtRest?: boolean;
  /** KSM looks at advised mappings alone; default: if any is. */
  readonly advisedOnly?: boolean;
  /** Says in the end which pages are equal and not merged, and why: a look at all of them. */
  readonly tellsUnmerged?: boolean;
  /** By the names of guests: each merges only with those of its own. Default: all with all. */
  readonly domains?: Readonly<Record<string, string>>;
}

/** What is so at a moment, by the names that it has in a prediction's output. */
export interface PredictedSample {
  /** Seconds since the scanner began. */
  readonly t: number;
  readonly counters: Readonly<Partial<Record<string, number>>>;
  /** Frames that merging spares, and that splits have given back: what is so at the moment. */
  readonly freed_bytes: number;
  readonly split_zero_bytes: number;
  /** Processor time of the kernel's scanner. */
  readonly kernel_cpu_seconds: number;
  /** Each once, however many guests map it. */
  readonly huge_pages: number;
  /** Huge pages that khugepaged has made, since the begin. */
  readonly collapses: number;
  /** Merged pages given back to guests that wrote, since the begin, and what that cost them. */
  readonly breaks: number;
  readonly guest_cpu_seconds: number;
}

export interface Predicted {
  readonly samples: readonly PredictedSample[];
  /**
   * Where samples were asked for at other times than a prediction's own: those of its own, by which
   * it is summed up, so that it comes to the same however much of it is printed.
   */
  readonly figureSamples?: readonly PredictedSample[];
  readonly leftOut: LeftOut;
  readonly advisedOnly: boolean;
  /** That the recording has, images among them. */
  readonly guests: number;
  readonly images: number;
  /** From here on the recording was over, in seconds, and goes on as its latter half did. */
  readonly recordedSeconds: number;
  /** Of its latter half: changes that do not come again, as there are too many to keep. */
  readonly forgottenPages: number;
  /** Of a sample: what is freed in the end is so many more or fewer, 95 times in 100. */
  readonly errorBytes: number;
  /** In the end: pages that are equal and not merged, by what each waits for; if asked for. */
  readonly unmerged?: Unmerged['reasons'];
}

/** `progress`: called with how much of the time is behind it, about a hundred times. */
export async function predict(
  recording: Recording,
  options: PredictOptions,
  progress: (share: number) => void = () => {},
): Promise<Predicted> {
  const surveyed = await survey(recording);
  let told = 0;
  const tell = (share: number): void => {
    if (share < told + TOLD_SHARE) return;
    told = share;
    progress(share);
  };
  return new Prediction(recording, surveyed, options, tell).run();
}

class Prediction {
  private readonly clock: ManualClock;
  private readonly host: Host;
  private readonly load: RecordedLoad;
  private readonly own = new SampleSeries<PredictedSample>();
  /** Where others are asked for. */
  private readonly asked: SampleSeries<PredictedSample> | undefined;
  private readonly lastPart: LastPart;
  private readonly alikeKib: number;
  private readonly advisedOnly: boolean;
  private readonly meter: KernelMeter;
  private cpuNs = 0;
  /** Of the scanner, from one sweep to the next. */
  private activity: Activity = IDLE;
  private hugeShare = 0;
  /** At most, so far. */
  private wereHugeShare = 0;
  private kin: readonly Family[] = [];
  /** Of the recording: that is brought in, or is to be next. */
  private sweep = 0;
  private isRecordingOver = false;
  private isEnded = false;
  private readonly calm = new Calm();
  private readonly memory: RecordedHostMemory;
  private readonly policy: Policy | undefined;
  /** Of a sample; `isScaleOld`: pages have changed since it was told them. */
  private scale: SampleScale | undefined;
  private isScaleOld = false;
  /** Of a sample: parts of a page that batches still have to visit. */
  private pagesDue = 0;
  /** Of batches too small to be paid for, and how many these are. */
  private unpaidPages = 0;
  private unpaidBatches = 0;
  /**
   * Pages shared by a fork that khugepaged has copied, as it does where KSM has split: without KSM
   * they would be shared still. Also once they are written, so that less is told as saved.
   */
  private copiedPages = 0;
  /** When all is over. */
  private endMs = 0;
  /** When khugepaged wakes next, and when the policy looks next. */
  private nextPassMs: number;
  private nextLookMs: number;

  constructor(
    private readonly recording: Recording,
    private readonly surveyed: Survey,
    private readonly options: PredictOptions,
    private readonly tell: (share: number) => void,
  ) {
    const { header } = recording;
    const { everySeconds } = options;
    this.asked = everySeconds === undefined ? undefined : new SampleSeries(() => everySeconds);
    this.clock = new ManualClock(
      0,
      0,
      header.hz === undefined ? DEFAULT_TICK_MS : 1000 / header.hz,
    );
    const pages = Math.ceil(surveyed.mostPages * SLACK);
    this.host = Host.create(
      {
        memoryBytes: hostBytes(pages),
        pageSize: header.pageSize,
        frameBytes: FINGERPRINT_BYTES,
        maxGuests: Math.ceil(surveyed.mostGuests * SLACK) + 16,
        maxRegions: Math.ceil(surveyed.mostRegions * SLACK) + 1024,
        kernel: options.kernel,
      },
      this.clock,
    );
    this.advisedOnly = options.advisedOnly ?? surveyed.hasAdvised;
    this.load = new RecordedLoad(
      this.host,
      surveyed,
      this.advisedOnly,
      (guest, page, fingerprints) => {
        if (!this.isRecordingOver) this.lastPart.keep(this.sweep, guest, page, fingerprints);
      },
      options.domains && numberedDomains(options.domains),
    );
    this.alikeKib = alikeKib(surveyed.prefixes);
    const { tunables } = this.host.khugepaged;
    // As they are set on the host; scenes with others are for --set.
    for (const name of KHUGEPAGED_TUNABLE_NAMES) {
      const told = header.facts[`${KHUGEPAGED}${name}`];
      if (told !== undefined) this.host.files.set(`${KHUGEPAGED}${name}`, Number(told));
    }
    this.memory = new RecordedHostMemory(header);
    this.policy = options.policy === undefined ? undefined : policyOf(options.policy);
    this.host.files.set('run', RUN_MERGE);
    for (const [name, value] of [...(this.policy?.first ?? []), ...options.set]) {
      if (name === 'pace')
        throw new KsmdError('EINVAL', "a prediction goes at a kernel's pace: leave out pace");
      if (name === MERGE_ACROSS_NODES && options.domains !== undefined)
        throw new KsmdError(
          'EINVAL',
          `tenants take the trees that nodes have: leave out ${MERGE_ACROSS_NODES}`,
        );
      this.host.files.set(name, value);
    }
    if (options.domains !== undefined) this.host.files.set(MERGE_ACROSS_NODES, 0);
    this.nextPassMs = isKhugepagedAtWork(header, surveyed)
      ? tunables.scan_sleep_millisecs
      : Number.POSITIVE_INFINITY;
    this.nextLookMs = this.policy?.everyMs ?? Number.POSITIVE_INFINITY;
    this.lastPart = new LastPart(surveyed.sweepMs);
    this.meter = new KernelMeter(this.host.machine.memory, header.sample, options.prices);
  }

  async run(): Promise<Predicted> {
    const { surveyed, host, options } = this;
    const recordedSeconds = (surveyed.sweepMs.at(-1) ?? 0) / 1000;
    const { atLeastSeconds = leastSeconds(options.policy) } = options;
    const seconds = options.seconds ?? Math.max(atLeastSeconds, recordedSeconds);
    if (seconds === 0) throw new KsmdError('EINVAL', 'nothing is predicted for no time: --for 1m');
    if (options.everySeconds !== undefined && seconds / options.everySeconds > MOST_SAMPLES)
      throw new KsmdError('EINVAL', `more than ${MOST_SAMPLES} samples: take fewer, by --every`);
    this.endMs = seconds * 1000;
    const sweeps = this.sweeps();
    await sweeps.next();
    this.sample(0, false);
    for (const startMs of surveyed.sweepMs.slice(1)) {
      if (startMs > seconds * 1000) break;
      this.scanUntil(startMs);
      await sweeps.next();
      this.kin = families(host);
    }
    await sweeps.return(undefined);
    this.isRecordingOver = true;
    this.goOn(seconds * 1000);
    const { own, asked, load, advisedOnly, clock } = this;
    // The end is told, wherever the last step fell. At rest it comes sooner.
    const lastMs = Math.min(seconds * 1000, clock.now);
    this.sample(lastMs, true);
    // Where nothing was scanned nothing is missed.
    const errorPages = this.cpuNs === 0 ? 0 : (this.scaled()?.error() ?? 0);
    return {
      samples: (asked ?? own).samples,
      ...(asked && { figureSamples: own.samples }),
      leftOut: load.leftOut,
      guests: surveyed.guests.size,
      images: surveyed.images,
      advisedOnly,
      recordedSeconds,
      forgottenPages: this.lastPart.forgottenPages,
      errorBytes: errorPages * host.machine.pageSize,
      ...(options.tellsUnmerged === true && { unmerged: this.unmerged() }),
    };
  }

  private unmerged(): Unmerged['reasons'] {
    const taken = finish(takeUnmerged(this.host));
    if (taken === undefined) throw new RangeError('a host that nobody changes has changed');
    const { reasons } = taken;
    for (const reason of APART_REASONS) reasons[reason] *= this.surveyed.oneIn;
    return reasons;
  }

  /** Each step brings the next sweep's changes into the host. */
  private async *sweeps(): AsyncGenerator<void, void, undefined> {
    for await (const record of this.recording.records()) {
      this.load.apply(record);
      this.memory.apply(record);
      if (record.type === 'end') {
        this.sweep++;
        this.isScaleOld = true;
        this.kin = families(this.host);
        yield;
      }
    }
  }

  /** After the recording's end, as its last part went on. */
  private goOn(endMs: number): void {
    const { lastPart, clock, load } = this;
    const beginMs = this.surveyed.sweepMs.at(-1) ?? 0;
    for (let cycle = 1; lastPart.lengthMs > 0 && !this.isEnded; cycle++)
      for (const { afterMs, changes } of lastPart.again(cycle)) {
        const atMs = beginMs + (cycle - 1) * lastPart.lengthMs + afterMs;
        this.scanUntil(Math.min(atMs, endMs));
        if (atMs >= endMs || this.isEnded) return;
        for (const record of changes) load.applyAgain(record);
        this.isScaleOld = true;
      }
    if (clock.now < endMs && !this.isEnded) this.scanUntil(endMs);
  }

  /** What is due after `endMs` is told later: until then there may be another sweep. */
  private scanUntil(endMs: number): void {
    const { clock, host } = this;
    const { ksm } = host;
    const { oneIn } = this.surveyed;
    let scans = this.fullScans;
    // Of a batch that took longer than the time there was.
    this.sampleUntil(Math.min(clock.now, endMs));
    while (clock.now < endMs) {
      this.passKhugepaged();
      this.askPolicy();
      this.activity = ksm.next(this.activity);
      const { activity } = this;
      if (activity.kind === 'scan') {
        const due = this.pagesDue + activity.pages / oneIn;
        this.pagesDue = due - Math.floor(due);
        const visited = ksm.scan(Math.floor(due));
        this.charge(visited);
        this.sampleUntil(Math.min(clock.now, endMs));
        if (this.fullScans === scans) continue;
        scans = this.fullScans;
        if (this.isAtRest(scans)) {
          this.isEnded = true;
          return;
        }
        this.load.stir();
      } else {
        const napEndMs = activity.kind === 'sleep' ? activity.untilMs : endMs;
        const wakeMs = Math.max(clock.now, Math.min(napEndMs, endMs, this.nextLookMs));
        this.sampleUntil(wakeMs);
        clock.now = wakeMs;
      }
    }
  }

  /** Nothing much is to come: told once a full scan. */
  private isAtRest(scans: number): boolean {
    const { pages_sharing = 0, ksm_zero_pages = 0 } = this.host.files.counters();
    const isCalm = this.calm.lasts(pages_sharing + ksm_zero_pages, scans, this.clock.now);
    return isCalm && this.options.endsAtRest === true && this.isRecordingOver;
  }

  /** Makes huge pages anew, if its sleep is over. */
  private passKhugepaged(): void {
    const { clock, host } = this;
    if (clock.now < this.nextPassMs) return;
    const { pages_to_scan, scan_sleep_millisecs } = host.khugepaged.tunables;
    if (host.khugepaged.hasWork) {
      const shared = this.forkShared();
      host.passKhugepaged(pages_to_scan);
      this.copiedPages += shared - this.forkShared();
    }
    this.nextPassMs = clock.now + scan_sleep_millisecs;
  }

  private askPolicy(): void {
    const { clock, policy, host } = this;
    if (policy?.everyMs === undefined || clock.now < this.nextLookMs) return;
    const memory = this.memory.with(this.saved().pages * host.machine.pageSize);
    for (const [name, value] of policy.look(memory)) host.files.set(name, value);
    while (this.nextLookMs <= clock.now) this.nextLookMs += policy.everyMs;
  }

  /** Those that were due by then. */
  private sampleUntil(ms: number): void {
    for (let due = this.nextSampleMs; due <= ms; due = this.nextSampleMs) this.sample(due, false);
  }

  /** The batch just done takes the kernel's time; what is in small ones is paid for together. */
  private charge(visited: number): void {
    const { clock, meter, alikeKib, hugeShare, wereHugeShare } = this;
    this.unpaidPages += visited;
    this.unpaidBatches++;
    const isDue = this.unpaidPages >= PAID_TOGETHER_PAGES;
    const paid = isDue ? meter.look(this.unpaidBatches, { hugeShare, wereHugeShare, alikeKib }) : 0;
    if (isDue) {
      this.unpaidPages = 0;
      this.unpaidBatches = 0;
    }
    const ns = Math.max(LEAST_BATCH_NS, paid);
    this.cpuNs += ns;
    clock.now += ns / 1e6;
    clock.cpu = this.cpuNs / 1e6;
  }

  /** In whichever series it is due; at the end in each. */
  private sample(ms: number, isEnd: boolean): void {
    const taking = [this.own, this.asked].filter((series) => series?.takes(ms, isEnd));
    if (taking.length === 0) return;
    this.tell(ms / this.endMs);
    const { host, options } = this;
    const { pageSize } = host.machine;
    const huge = hugePages(host);
    const { presentPages } = population(host);
    // By its own samples alone: what is asked for besides changes nothing.
    if (taking.includes(this.own)) {
      this.hugeShare = presentPages === 0 ? 0 : (huge * 512) / presentPages;
      this.wereHugeShare = Math.max(this.wereHugeShare, this.hugeShare);
    }
    const { oneIn } = this.surveyed;
    const breaks = host.files.kernelWork().breaks * oneIn;
    const saved = this.saved();
    const beyond: Readonly<Record<string, number>> = {
      pages_sharing: saved.beyondSharing,
      ksm_zero_pages: saved.beyondZeroPages,
    };
    const counters = Object.entries(host.files.counters()).map(([name, value]) => [
      name,
      name === 'full_scans' ? value : Math.max(0, value * oneIn + (beyond[name] ?? 0)),
    ]);
    const sample: PredictedSample = {
      t: Number((ms / 1000).toFixed(3)),
      counters: Object.fromEntries(counters),
      freed_bytes: saved.pages * pageSize,
      split_zero_bytes: this.givenBackPages() * pageSize,
      // A batch that goes on longer has not taken all of its time yet.
      kernel_cpu_seconds: (this.cpuNs - Math.max(0, this.clock.now - ms) * 1e6) / 1e9,
      huge_pages: hugePagesInUse(host),
      collapses: host.khugepaged.counters.pages_collapsed,
      breaks,
      guest_cpu_seconds: (breaks * options.prices.writeFault) / 1e9,
    };
    for (const series of taking) series?.samples.push(sample);
  }

  /** Of all pages, in the sample or not. */
  private saved(): Saved {
    const { pages } = savings(this.host, this.forkShared() + this.copiedPages);
    return this.scaled()?.saved(pages) ?? { pages, beyondSharing: 0, beyondZeroPages: 0 };
  }

  /** Of a sample, and told how the host's pages are now. */
  private scaled(): SampleScale | undefined {
    const { host, load, surveyed } = this;
    if (surveyed.oneIn === 1) return undefined;
    if (this.scale === undefined) this.scale = new SampleScale(host, surveyed.oneIn, load.told);
    else if (this.isScaleOld) this.scale.tell(load.told);
    this.isScaleOld = false;
    return this.scale;
  }

  private givenBackPages(): number {
    if (this.host.files.totals().splitZeroPages === 0) return 0;
    return givenBackPages(this.host, this.load.recordedStretches());
  }

  private forkShared(): number {
    return this.kin.length === 0 ? 0 : (finish(countForkSharing(this.host, this.kin)) ?? 0);
  }

  private get nextSampleMs(): number {
    return Math.min(this.own.dueMs, this.asked?.dueMs ?? Number.POSITIVE_INFINITY);
  }

  private get fullScans(): number {
    return readCounter(this.host.machine.memory, 'full_scans');
  }
}
