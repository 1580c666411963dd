/**
 * Writes of tunables, from the API and from files alike: all of a request or none. KSM's are
 * written on the scanner thread; khugepaged's, whose names begin with `khugepaged/`, here. Requests
 * go one after another, so that one that is refused and puts values back does not undo what another
 * has just written.
 */
import { EventEmitter } from 'node:events';
import { KsmdError } from '../../errors.js';
import { checkedKhugepagedTunable } from '../../khugepaged/tunables.js';
import type { Host } from '../../ksm/host.js';
import { checkTunables, type TunableValue, tunableName } from '../../ksm/tunables.js';
import { KHUGEPAGED } from '../../names.js';
import type { TunableValues } from '../../protocol/routes/ksm.js';
import type { Scanner } from './scanner.js';

interface TunableEvents {
  /** All of a request is written, or some of it and put back: then there are no values. */
  written: [values: TunableValues];
}

export class TunableWrites extends EventEmitter<TunableEvents> {
  private previous: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly host: Host,
    private readonly scanner: Scanner,
  ) {
    super();
  }

  /**
   * Resolves when all are written; rejects with what the kernel refuses, and nothing has changed.
   */
  write(values: TunableValues): Promise<void> {
    const turn = this.previous.then(() => this.writeAll(values));
    this.previous = turn.catch(() => {});
    return turn;
  }

  /**
   * Names and values are checked first. If an unmerge then runs out of frames, what was written
   * before it is put back, the last one first.
   */
  private async writeAll(values: TunableValues): Promise<void> {
    const { host, scanner } = this;
    const [khugepaged, ksm] = parted(values);
    for (const [name, value] of khugepaged)
      checkedKhugepagedTunable(name.slice(KHUGEPAGED.length), value);
    for (const [name] of ksm) {
      if (host.profile.counters.some((counter) => counter === name))
        throw new KsmdError('EINVAL', `${name} can only be read`);
    }
    checkTunables(
      host.machine.memory.i32,
      ksm.map(([name, value]) => [tunableName(host.profile, name), value] as const),
    );
    const before = host.files.tunables();
    const written: string[] = [];
    try {
      for (const [name, value] of ksm) {
        await scanner.set(name, value);
        written.push(name);
      }
    } catch (error) {
      for (const name of written.reverse()) await scanner.set(name, before[name] ?? 0);
      this.emit('written', {});
      throw error;
    }
    for (const [name, value] of khugepaged) host.files.set(name, value);
    this.emit('written', values);
  }
}

type Values = [string, TunableValue][];

function parted(values: TunableValues): [khugepaged: Values, ksm: Values] {
  const all = Object.entries(values);
  const isKhugepaged = ([name]: [string, TunableValue]): boolean => name.startsWith(KHUGEPAGED);
  return [all.filter(isKhugepaged), all.filter((each) => !isKhugepaged(each))];
}
