/**
 * Beside the writers of stress and chaos: a server that has loaded its data into huge pages, and
 * children that it forks, which fork in turn, write their part of it and check that they see
 * nothing of each other's, and become other programs, on another NUMA node; huge pages made anew
 * under all of them; and all of a guest's memory mergeable, or none of it.
 */
import { type Errno, isKsmdError } from '../../src/errors.js';
import type { LoadedDaemon } from './daemon.js';

const PARENT = 'server';
/** Three huge pages, and what is left over mapped page by page. */
const PAGES = 1600;
/** What each child writes: copies that memory must have room for. */
const SPREAD_PAGES = 200;
const STORES_PER_SECOND = 20_000;
const MOST_CHILDREN = 4;
const OWN_PAGES = 300;
/** Of the family, and of what becomes another program. */
const NUMA_NODE = 1;
const OTHER_NUMA_NODE = 0;
/** Room for what they have beside the writers' memory. */
export const FAMILY_MIB = 24;

interface Child {
  readonly guest: string;
  workload: number;
  /** It has the data still: it has not become another program. */
  serves: boolean;
}

export class Families {
  wrong = 0;
  readonly done = { forks: 0, execs: 0, prctls: 0, collapses: 0, refused: 0, ends: 0 };
  private region = '';
  private readonly children: Child[] = [];

  constructor(
    private readonly daemon: LoadedDaemon,
    private readonly random: (below: number) => number,
  ) {}

  async start(): Promise<void> {
    const { client } = this.daemon;
    await client.createGuest(PARENT, NUMA_NODE);
    const { id, region } = await client.run({
      workload: 'load',
      guest: PARENT,
      pages: PAGES,
      huge: true,
      seed: 1,
    });
    this.region = region;
    await this.daemon.done(id);
  }

  /** One thing happens to the family. */
  async deed(): Promise<void> {
    const which = this.random(6);
    if (which === 0 && this.children.length < MOST_CHILDREN) await this.fork();
    else if (which === 1 && this.children.length > 1) await this.end(this.random(2) === 0);
    else if (which === 2 && this.children.length > 1) await this.exec();
    else if (which === 3) await this.prctl();
    else await this.collapse();
  }

  async stop(): Promise<void> {
    while (this.children.length > 0) await this.end(false);
    await this.daemon.client.removeGuest(PARENT);
  }

  private async fork(): Promise<void> {
    const { client } = this.daemon;
    const guest = `child-${this.done.forks++}`;
    await client.fork(
      this.someone(({ serves }) => serves),
      guest,
    );
    const { id: workload } = await client.run({
      workload: 'serve',
      guest,
      region: this.region,
      seed: this.random(1e9),
      spreadPages: SPREAD_PAGES,
      rate: STORES_PER_SECOND,
    });
    this.children.push({ guest, workload, serves: true });
  }

  /** A child exits, its thread stopped, or killed wherever it is. */
  private async end(isKilled: boolean): Promise<void> {
    const [child] = this.children.splice(this.random(this.children.length), 1);
    if (child === undefined) return;
    await this.endThread(child, isKilled);
    this.done.ends++;
    await this.daemon.client.removeGuest(child.guest);
  }

  private async endThread({ workload }: Child, isKilled: boolean): Promise<void> {
    const { wrong, foreign, state, reason } = await this.daemon.client.kill(workload, isKilled);
    if (state === 'died' && reason !== 'killed') throw new Error(`a child died: ${reason}`);
    this.wrong += wrong + foreign;
  }

  /** A child becomes another program, which writes memory of its own. */
  private async exec(): Promise<void> {
    const { client } = this.daemon;
    const child = this.children[this.random(this.children.length)];
    if (child === undefined) return;
    await this.endThread(child, this.random(2) === 0);
    await this.attempt('ENOSPC', () => client.exec(child.guest));
    const options = { pages: OWN_PAGES, mergeable: false, node: OTHER_NUMA_NODE };
    const own = `own-${this.done.execs++}`;
    await client.map(child.guest, own, options);
    const { id } = await client.run({
      workload: 'dirty',
      guest: child.guest,
      region: own,
      seed: this.random(1e9),
      rate: STORES_PER_SECOND,
    });
    child.workload = id;
    child.serves = false;
  }

  private async prctl(): Promise<void> {
    this.done.prctls++;
    const merge = this.random(2) === 0;
    await this.attempt('ENOMEM', () => this.daemon.client.prctl(this.someone(), merge));
  }

  private async collapse(): Promise<void> {
    this.done.collapses++;
    const guest = this.someone();
    await this.attempt(['EINVAL', 'EAGAIN', 'ENOMEM', 'ENOENT'], () =>
      this.daemon.client.madvise(guest, 'collapse', { region: this.region }),
    );
  }

  private async attempt(refusals: Errno | Errno[], deed: () => Promise<unknown>): Promise<void> {
    try {
      await deed();
    } catch (error) {
      if (![refusals].flat().some((code) => isKsmdError(error, code))) throw error;
      this.done.refused++;
    }
  }

  /** A child of that kind, or the parent. */
  private someone(isOne: (child: Child) => boolean = () => true): string {
    const those = this.children.filter(isOne);
    return those[this.random(those.length + 1)]?.guest ?? PARENT;
  }
}
