/**
 * Beside the writers of stress and chaos: a server that has loaded its data into huge pages, and
 * children that it forks, which fork in turn, write their part of it and check that they see
 * nothing of each other's; and huge pages made anew under all of them.
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
/** Room for what they have beside the writers' memory. */
export const FAMILY_MIB = 24;

interface Child {
  readonly guest: string;
  readonly workload: number;
}

export class Families {
  wrong = 0;
  readonly done = { forks: 0, collapses: 0, refused: 0, ends: 0 };
  private region = '';
  private readonly children: Child[] = [];

  constructor(
    private readonly daemon: LoadedDaemon,
    private readonly random: (below: number) => number,
  ) {}

  async start(): Promise<void> {
    const { client } = this.daemon;
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
    const which = this.random(4);
    if (which === 0 && this.children.length < MOST_CHILDREN) await this.fork();
    else if (which === 1 && this.children.length > 1) await this.end(this.random(2) === 0);
    else await this.collapse();
  }

  async stop(): Promise<void> {
    while (this.children.length > 0) await this.end(false);
    await this.daemon.client.removeGuest(PARENT);
  }

  private async fork(): Promise<void> {
    const { client } = this.daemon;
    const guest = `child-${this.done.forks++}`;
    await client.fork(this.someone(), guest);
    const { id: workload } = await client.run({
      workload: 'serve',
      guest,
      region: this.region,
      seed: this.random(1e9),
      spreadPages: SPREAD_PAGES,
      rate: STORES_PER_SECOND,
    });
    this.children.push({ guest, workload });
  }

  /** A child exits, its thread stopped, or killed wherever it is. */
  private async end(isKilled: boolean): Promise<void> {
    const { client } = this.daemon;
    const [child] = this.children.splice(this.random(this.children.length), 1);
    if (child === undefined) return;
    const { wrong, state, reason } = await client.kill(child.workload, isKilled);
    if (state === 'died' && reason !== 'killed') throw new Error(`a child died: ${reason}`);
    this.wrong += wrong;
    this.done.ends++;
    await client.removeGuest(child.guest);
  }

  private async collapse(): Promise<void> {
    this.done.collapses++;
    try {
      await this.daemon.client.madvise(this.someone(), 'collapse', { region: this.region });
    } catch (error) {
      const refusals: Errno[] = ['EINVAL', 'EAGAIN', 'ENOMEM'];
      if (!refusals.some((code) => isKsmdError(error, code))) throw error;
      this.done.refused++;
    }
  }

  private someone(): string {
    return this.children[this.random(this.children.length + 1)]?.guest ?? PARENT;
  }
}
