/**
 * Writes of tunables, from the API and from files alike: on the scanner thread, all of a request or
 * none. Requests go one after another, so that one that is refused and puts values back does not
 * undo what another has just written.
 */
import { KsmdError } from '../../errors.js';
import type { Host } from '../../ksm/host.js';
import { checkTunables, tunableName } from '../../ksm/tunables.js';
import type { TunableValues } from '../../protocol/routes/ksm.js';
import type { Scanner } from './scanner.js';

export class TunableWrites {
  private previous: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly host: Host,
    private readonly scanner: Scanner,
  ) {}

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
    for (const name of Object.keys(values)) {
      if (host.profile.counters.some((counter) => counter === name))
        throw new KsmdError('EINVAL', `${name} can only be read`);
    }
    checkTunables(
      host.machine.memory.i32,
      Object.entries(values).map(
        ([name, value]) => [tunableName(host.profile, name), value] as const,
      ),
    );
    const before = host.tunables();
    const written: string[] = [];
    try {
      for (const [name, value] of Object.entries(values)) {
        await scanner.set(name, value);
        written.push(name);
      }
    } catch (error) {
      for (const name of written.reverse()) await scanner.set(name, before[name] ?? 0);
      throw error;
    }
  }
}
