/**
 * What a kernel shows of KSM in sysfs and procfs, and takes there: counters and tunables of all,
 * and of each guest; of khugepaged too. And what none shows, but ksmd does.
 */
import type { Khugepaged } from '../khugepaged/khugepaged.js';
import {
  checkedKhugepagedTunable,
  type KhugepagedCounter,
  type KhugepagedTunable,
} from '../khugepaged/tunables.js';
import type { Machine } from '../machine/machine.js';
import { KHUGEPAGED } from '../names.js';
import { mergesAny } from './advice.js';
import {
  type GuestTotals,
  readCounter,
  readGuestCounter,
  readGuestTotals,
  readTotals,
  type Totals,
} from './counters.js';
import { type KernelWork, readKernelWork } from './kernel-work.js';
import type { KernelProfile } from './kernels.js';
import type { Ksm } from './ksm.js';
import type { NamedGuests } from './named-guests.js';
import {
  type CounterName,
  type GuestCounterName,
  KSM_STAT_ANSWER_NAMES,
  type KsmStatAnswer,
} from './records/counter-records.js';
import {
  readTunable,
  setTunable,
  type TunableValue,
  tunableName,
  tunableNames,
} from './tunables.js';

export class HostFiles {
  private readonly machine: Machine;
  private readonly profile: KernelProfile;

  constructor(
    private readonly ksm: Ksm,
    private readonly guests: NamedGuests,
    private readonly khugepaged: Khugepaged,
  ) {
    this.machine = ksm.machine;
    this.profile = ksm.profile;
  }

  counters(): Partial<Record<CounterName, number>> {
    return Object.fromEntries(
      this.profile.counters.map((name) => [name, readCounter(this.machine.memory, name)]),
    );
  }

  tunables(): Record<string, TunableValue> {
    return Object.fromEntries(
      tunableNames(this.profile).map((name) => [name, readTunable(this.machine.memory, name)]),
    );
  }

  /** khugepaged's tunables and counters. */
  khugepagedFiles(): Record<KhugepagedTunable | KhugepagedCounter, number> {
    const { tunables, counters } = this.khugepaged;
    return { ...tunables, ...counters };
  }

  /** Lines of the guest's ksm_stat. */
  guestCounters(guestName: string): Partial<Record<GuestCounterName, number>> {
    const { pointer } = this.guests.guest(guestName);
    return Object.fromEntries(
      this.profile.guestCounters.map((name) => [
        name,
        readGuestCounter(this.machine.memory, pointer, name),
      ]),
    );
  }

  /** What the guest's ksm_stat says yes or no to. */
  guestAnswers(guestName: string): Partial<Record<KsmStatAnswer, 'yes' | 'no'>> {
    const { pointer } = this.guests.guest(guestName);
    const answers = {
      ksm_merge_any: mergesAny(this.ksm, pointer),
      ksm_mergeable: this.machine.regions.hasMergeable(pointer),
    };
    return Object.fromEntries(
      KSM_STAT_ANSWER_NAMES.filter((name) => this.profile.ksmStat.includes(name)).map((name) => [
        name,
        answers[name] ? 'yes' : 'no',
      ]),
    );
  }

  /** What a kernel of the profile may not show. */
  totals(): Totals {
    return readTotals(this.machine.memory);
  }

  /** What a kernel would have done, and its time goes into. */
  kernelWork(): KernelWork {
    return readKernelWork(this.machine.memory);
  }

  guestTotals(guestName: string): GuestTotals {
    return readGuestTotals(this.machine.memory, this.guests.pointer(guestName));
  }

  /**
   * Writes a tunable. In the daemon this is the scanner's to do, but for `khugepaged/…`, which is
   * whoever's who calls khugepaged.
   */
  set(name: string, value: TunableValue): void {
    if (name.startsWith(KHUGEPAGED)) {
      const [tunable, number] = checkedKhugepagedTunable(name.slice(KHUGEPAGED.length), value);
      this.khugepaged.tunables[tunable] = number;
      return;
    }
    setTunable(this.ksm, tunableName(this.profile, name), value);
  }
}
