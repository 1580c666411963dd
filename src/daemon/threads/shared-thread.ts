/**
 * Looks once at every page of all guests, as a recording would have them, and answers who shares
 * with whom, as JSON. Started by `SharedLooks`, which makes sure that regions were the same at the
 * end. It only reads, beside all other threads, and takes no lock: a page that is written at that
 * moment may be told as neither what it was nor what it will be.
 */
import { parentPort, workerData } from 'node:worker_threads';
import {
  PTE_FRAME,
  PTE_MERGEABLE,
  PTE_PRESENT,
  PTE_STATE,
  PTE_ZERO,
  REGION_SLOT,
  SLOT_REGION,
  SLOT_WORDS,
} from '../../core/layout.js';
import { type Errno, KsmdError } from '../../errors.js';
import { shared, sharingGuests } from '../../estimate/shared.js';
import { tenantsBy } from '../../estimate/tenant-lines.js';
import { FINGERPRINT_BYTES, Fingerprinter } from '../../fingerprints/fingerprint.js';
import { FingerprintKey } from '../../fingerprints/key.js';
import { Sample } from '../../fingerprints/sample.js';
import { forkOf, ringOf } from '../../inspect/kin.js';
import { Machine } from '../../machine/machine.js';
import { SharedMemory } from '../../machine/memory.js';
import { HOLDER_API } from '../../machine/pte.js';
import type { Selection } from '../../protocol/routes/shared.js';
import { describeHost } from '../../recording/capture/host-facts.js';
import {
  MAPPING_ADVISED,
  PAGE_CONTENT,
  PAGE_MERGED,
  PAGE_SHARED,
  PAGE_UNSAMPLED,
  PAGE_ZEROES,
} from '../../recording/format.js';
import { PageRuns } from '../../recording/page-runs.js';
import { RecordedHost } from '../../recording/recorded-host.js';
import { VERSION } from '../../version.js';

export interface SharedTask {
  readonly memory: WebAssembly.Memory;
  readonly guests: readonly TaskGuest[];
  readonly selection: Selection;
  /** Lines that say whose guests are whose. */
  readonly tenants: string | undefined;
  /** Of all contents one in so many is held, and of these one in so many looked at. */
  readonly heldOneIn: number;
  readonly oneIn: number;
}

interface TaskGuest {
  readonly name: string;
  readonly mergesAny: boolean;
  readonly regions: readonly TaskRegion[];
}

interface TaskRegion {
  readonly name: string;
  /** By its address. */
  readonly page: number;
  readonly pages: number;
  readonly firstSlot: number;
}

/** JSON, or why there is none. */
export type SharedAnswer = string | { readonly code: Errno; readonly message: string };

/** The same memory in another guest since a fork: its first slot, and whose it is. */
interface Kin {
  readonly start: number;
  readonly owner: number;
}

/** The host as a recording would have it. */
class Look {
  readonly host: RecordedHost;
  private readonly machine: Machine;
  private readonly bytes: Buffer;
  private readonly fingerprinter: Fingerprinter;
  private readonly sample: Sample;
  /** Of regions looked at, whose they are. */
  private readonly guestOf = new Map<number, number>();
  /** By frame, of those that do not change and are read again and again. */
  private readonly merged = new Map<number, Buffer>();

  constructor({ memory, guests, heldOneIn, oneIn }: SharedTask) {
    // It takes no lock, so any thread's name will do.
    this.machine = new Machine(SharedMemory.attach(memory, HOLDER_API));
    const { pageSize, frameBytes } = this.machine;
    this.bytes = Buffer.from(memory.buffer);
    this.fingerprinter = new Fingerprinter(FingerprintKey.random(), frameBytes);
    this.sample = new Sample(heldOneIn * oneIn);
    this.host = new RecordedHost({
      ...describeHost(),
      ...{ version: 1, writer: `ksmd ${VERSION}`, pageSize, sample: oneIn },
      ...{ keyId: this.fingerprinter.keyId, startedAtMs: Date.now(), intervalMs: 0 },
      ...{ hostNumbers: [], guestNumbers: [], facts: {} },
    });
    for (const [guest, { name, mergesAny, regions }] of guests.entries()) {
      // No image, of which all would count.
      const pid = guest + 1;
      const facts = { name, mergesAny, pid, comm: 'ksmd', startedTicks: 0, isPinned: false };
      this.host.apply({ type: 'guest', guest, ...facts });
      for (const region of regions) this.addRegion(guest, region);
    }
  }

  /** A mapping for each stretch of the region that is advised, or is not. */
  private addRegion(
    guest: number,
    { name: label, page: first, pages, firstSlot }: TaskRegion,
  ): void {
    const { host, guestOf } = this;
    const { i32 } = this.machine.memory;
    const region = i32[firstSlot + SLOT_REGION];
    const before = ringOf(this.machine, region).flatMap((kin): Kin[] => {
      const owner = guestOf.get(kin);
      return owner === undefined ? [] : [{ owner, start: i32[kin + REGION_SLOT] }];
    });
    guestOf.set(region, guest);
    const runs = new PageRuns(guest, (record) => host.apply(record));
    const flagsAt = (at: number): number =>
      (i32[firstSlot + at * SLOT_WORDS + PTE_STATE] & PTE_MERGEABLE) === 0 ? 0 : MAPPING_ADVISED;
    for (let from = 0, at = 0; at < pages; at++) {
      this.addPage(runs, first + at, firstSlot, at * SLOT_WORDS, before);
      const flags = flagsAt(from);
      if (at + 1 < pages && flagsAt(at + 1) === flags) continue;
      const mapping = { page: first + from, pages: at + 1 - from, flags, node: undefined, label };
      host.apply({ type: 'mapping', guest, ...mapping });
      from = at + 1;
    }
    runs.end();
  }

  /** `before`: of the kin of its region, those that were looked at before. */
  private addPage(
    runs: PageRuns,
    page: number,
    start: number,
    at: number,
    before: readonly Kin[],
  ): void {
    const { machine } = this;
    const { i32 } = machine.memory;
    const slot = start + at;
    const state = i32[slot + PTE_STATE];
    const fork = forkOf(state);
    // Also where KSM has merged it since: what a fork shares is nobody's to save.
    const kin =
      fork === 0
        ? undefined
        : before.find((each) => forkOf(i32[each.start + at + PTE_STATE]) === fork);
    if (kin !== undefined) {
      runs.add(page, PAGE_SHARED, undefined, kin.owner);
      return;
    }
    if ((state & PTE_ZERO) !== 0) {
      runs.add(page, PAGE_ZEROES);
      return;
    }
    if ((state & PTE_PRESENT) === 0) return;
    const frame = i32[slot + PTE_FRAME];
    if (machine.frames.isKsm(frame)) {
      this.addContent(runs, page, this.contentOfMerged(frame), PAGE_MERGED);
      return;
    }
    this.addContent(runs, page, this.contentOf(frame), 0);
  }

  private addContent(runs: PageRuns, page: number, fingerprints: Buffer, marks: number): void {
    if (fingerprints.equals(ZEROES)) runs.add(page, PAGE_ZEROES | marks);
    else if (this.sample.has(fingerprints)) runs.add(page, PAGE_CONTENT | marks, fingerprints);
    else runs.add(page, PAGE_UNSAMPLED | marks);
  }

  private contentOfMerged(frame: number): Buffer {
    if (this.machine.frameBytes === FINGERPRINT_BYTES) return this.contentOf(frame);
    const content = this.merged.get(frame) ?? Buffer.from(this.contentOf(frame));
    this.merged.set(frame, content);
    return content;
  }

  /** Good until the next call. */
  private contentOf(frame: number): Buffer {
    const at = this.machine.memory.frameByte(frame);
    if (this.machine.frameBytes !== FINGERPRINT_BYTES) return this.fingerprinter.of(this.bytes, at);
    return this.bytes.subarray(at, at + FINGERPRINT_BYTES);
  }
}

const ZEROES = Buffer.alloc(FINGERPRINT_BYTES);

if (parentPort === null) throw new Error('shared-thread.js is started by the daemon');
parentPort.postMessage(answer(workerData as SharedTask));

function answer(task: SharedTask): SharedAnswer {
  try {
    const { host } = new Look(task);
    const { pageSize, sample, host: name } = host.header;
    const tenantOf =
      task.tenants === undefined ? undefined : tenantsBy(task.tenants, 'the tenants');
    const result = shared(host, sharingGuests([host], task.selection), tenantOf && { tenantOf });
    return JSON.stringify({ hosts: [name], pageSize, sample, ...result });
  } catch (error) {
    if (error instanceof KsmdError) return { code: error.code, message: error.message };
    throw error;
  }
}
