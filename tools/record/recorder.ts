/**
 * Takes the steps of a scenario on the running kernel's KSM, and observes what it counts where a
 * recording is to have that.
 */
import { fillContent } from '../../src/conformance/content.js';
import {
  hasAnswers,
  hasMemory,
  type Observation,
  type Op,
  type Scenario,
} from '../../src/conformance/scenario.js';
import type { Guest, Guests } from './guests.js';
import { QuietHugePages } from './huge-pages.js';
import { SteppedKsm } from './kernel.js';
import { SteppedKhugepaged } from './khugepaged.js';

const PAGE_SIZE = 4096;
/** Pages sent to a guest at a time. */
const PAGES_SENT = 256;

interface RecordedRegion {
  readonly guest: string;
  readonly address: number;
  readonly pages: number;
  readonly huge: boolean;
}

export class Recorder {
  private readonly ksm = new SteppedKsm();
  private readonly hugePages: QuietHugePages | undefined;
  private readonly khugepaged: SteppedKhugepaged | undefined;
  private readonly mappings = new Set<number>();
  private readonly processes = new Map<string, Guest>();
  private readonly regions = new Map<string, RecordedRegion>();
  /** Recordings tell what is resident where there are huge pages or forks. */
  private readonly observesMemory: boolean;
  private readonly observesAnswers: boolean;

  constructor(
    scenario: Scenario,
    private readonly guests: Guests,
  ) {
    this.observesMemory = hasMemory(scenario);
    this.observesAnswers = hasAnswers(scenario);
    this.hugePages = this.observesMemory ? new QuietHugePages() : undefined;
    const passes = scenario.ops.some(({ op }) => op === 'khugepaged');
    this.khugepaged =
      passes && this.hugePages !== undefined
        ? new SteppedKhugepaged(this.hugePages.settings, (pid) =>
            [...this.processes.values()].some((guest) => guest.pid === pid),
          )
        : undefined;
  }

  /** To be called before the first step. */
  async begin(): Promise<void> {
    await this.khugepaged?.forgetOthers();
  }

  /**
   * How many mappings each guest had besides its regions, where khugepaged stepped over them. They
   * must have been as many in all.
   */
  otherMappings(): number | undefined {
    const [mappings, ...others] = this.mappings;
    if (others.length > 0) throw new Error('guests differ in how many mappings they have');
    return mappings;
  }

  /**
   * Takes the step; the step with what was observed after it, or undefined if this kernel has no
   * such tunable.
   */
  async take(step: Op): Promise<Op | undefined> {
    switch (step.op) {
      case 'set': {
        const knob = this.knob(step.name);
        if (knob === undefined) return undefined;
        const { error: _error, expect: _expect, ...bare } = step;
        let refused: { error?: string } = {};
        try {
          knob.write(step.value);
        } catch (error) {
          refused = { error: (error as NodeJS.ErrnoException).code ?? String(error) };
        }
        return { ...bare, ...refused, ...(step.name === 'run' ? { expect: this.observe() } : {}) };
      }
      case 'guest': {
        const guest = await this.guests.start();
        this.processes.set(step.guest, guest);
        if (step.node !== undefined) await guest.bind(step.node);
        return step;
      }
      case 'fork':
        this.processes.set(step.child, await this.process(step.guest).fork());
        for (const [name, region] of [...this.regions])
          if (region.guest === step.guest)
            this.regions.set(`${name}@${step.child}`, { ...region, guest: step.child });
        return step;
      case 'region': {
        const { guest, region, pages } = step;
        const address = Number(step.addr);
        this.regions.set(region, { guest, address, pages, huge: step.huge ?? false });
        await this.process(guest).map(address, pages * PAGE_SIZE, step.huge ?? false);
        if (step.mergeable ?? true)
          await this.process(guest).advise(address, pages * PAGE_SIZE, 'mergeable');
        return step;
      }
      case 'fill':
        await this.fill(step);
        await this.touched(step.region);
        return step;
      case 'store': {
        const { guest, address } = this.region(step.region);
        const bytes = Buffer.alloc(8);
        bytes.writeBigUInt64LE(BigInt(step.value));
        await this.process(guest).write(address + step.page * PAGE_SIZE + step.offset, bytes);
        await this.touched(step.region);
        return step;
      }
      case 'madvise': {
        const { guest, address, pages } = this.region(step.region);
        const { error: _error, expect: _expect, ...bare } = step;
        const { page = 0, count = pages - page, advice } = step;
        const error = await this.process(guest).advise(
          address + page * PAGE_SIZE,
          count * PAGE_SIZE,
          advice,
        );
        return { ...bare, ...(error === undefined ? {} : { error }), expect: this.observe() };
      }
      case 'unmap': {
        const { guest, address, pages } = this.region(step.region);
        this.regions.delete(step.region);
        await this.process(guest).unmap(address, pages * PAGE_SIZE);
        return { ...step, expect: this.observe() };
      }
      case 'bind':
        await this.process(step.guest).bind(step.node);
        return step;
      case 'prctl': {
        const { error: _error, expect: _expect, ...bare } = step;
        const error = await this.process(step.guest).prctl(step.merge);
        return { ...bare, ...(error === undefined ? {} : { error }), expect: this.observe() };
      }
      case 'exec':
        await this.process(step.guest).exec();
        for (const [region, { guest }] of this.regions)
          if (guest === step.guest) this.regions.delete(region);
        return { ...step, expect: this.observe() };
      case 'exit':
        await this.end(step.guest);
        return { ...step, expect: this.observe() };
      case 'khugepaged': {
        const seen: Observation[] = [];
        for (let i = 0; i < (step.times ?? 1); i++) {
          for (const guest of this.processes.values()) {
            this.mappings.add(guest.otherMappings());
            await guest.look();
          }
          await this.khugepaged?.pass(step.pages);
          seen.push(this.observe());
        }
        return { ...step, expect: step.times === undefined ? seen[0] : seen };
      }
      case 'scan': {
        const seen: Observation[] = [];
        for (let i = 0; i < (step.times ?? 1); i++) {
          await this.ksm.batch(step.pages);
          seen.push(this.observe());
        }
        return { ...step, expect: step.times === undefined ? seen[0] : seen };
      }
    }
  }

  /** Ends the guests that are left: the youngest first, as a child shares with its parent. */
  async endGuests(): Promise<void> {
    for (const guest of [...this.processes.keys()].reverse()) await this.end(guest);
  }

  /** Puts the kernel's settings as they were. */
  close(): void {
    this.ksm.close();
    this.hugePages?.close();
  }

  private async fill(step: Extract<Op, { op: 'fill' }>): Promise<void> {
    const { guest, address, pages } = this.region(step.region);
    const { page = 0, count = pages - page, content, arg = 0, step: stride = 0 } = step;
    for (let first = 0; first < count; first += PAGES_SENT) {
      const bytes = new Uint8Array(Math.min(PAGES_SENT, count - first) * PAGE_SIZE);
      for (let at = 0; at < bytes.length; at += PAGE_SIZE) {
        const nth = BigInt(first + at / PAGE_SIZE);
        fillContent(
          bytes.subarray(at, at + PAGE_SIZE),
          content,
          BigInt(arg) + nth * BigInt(stride),
        );
      }
      await this.process(guest).write(address + (page + first) * PAGE_SIZE, bytes);
    }
  }

  /** What a step sets: a file of KSM's, or one of khugepaged's; undefined if there is none. */
  private knob(name: string): { write(value: number | string): void } | undefined {
    const settings = name.startsWith('khugepaged/') ? this.hugePages?.settings : this.ksm;
    if (settings?.has(name) !== true) return undefined;
    return { write: (value) => settings.write(name, value) };
  }

  /** The first touch of a huge page is what khugepaged begins with. */
  private async touched(region: string): Promise<void> {
    if (this.khugepaged?.hasBegun === false && this.region(region).huge)
      await this.khugepaged.begin();
  }

  private observe(): Observation {
    const passes = this.khugepaged?.observe();
    const each = <T>(of: (guest: Guest) => T): Record<string, T> =>
      Object.fromEntries([...this.processes].map(([name, guest]) => [name, of(guest)]));
    return {
      counters: this.ksm.observe(),
      guests: each(({ pid }) => ({
        ...this.ksm.observeProcess(pid),
        ...(this.observesAnswers ? this.ksm.answersOf(pid) : {}),
      })),
      ...(this.observesMemory ? { memory: each((guest) => ({ ...guest.resident() })) } : {}),
      ...(passes === undefined ? {} : { khugepaged: passes }),
    };
  }

  private async end(name: string): Promise<void> {
    const guest = this.process(name);
    this.processes.delete(name);
    for (const [region, { guest: of }] of this.regions)
      if (of === name) this.regions.delete(region);
    await guest.end();
  }

  private process(name: string): Guest {
    const guest = this.processes.get(name);
    if (guest === undefined) throw new Error(`there is no guest ${name}`);
    return guest;
  }

  private region(name: string): RecordedRegion {
    const region = this.regions.get(name);
    if (region === undefined) throw new Error(`there is no region ${name}`);
    return region;
  }
}
