/** Plays rows by the ways that there are. */
import { readdirSync } from 'node:fs';
import { release } from 'node:os';
import { hasSince, type KernelVersion } from '../../src/ksm/records/kernel-versions.js';
import { DEFAULTS } from '../record/kernel.js';
import { type Check, Checks } from './checks.js';
import type { PlayedRow } from './rows.js';
import type { Way } from './way.js';
import { openWay, type WayName } from './ways/open.js';
import { writeIfThere } from './write-if-there.js';

const PACE = { pages_to_scan: 100, sleep_millisecs: 20 };

/** Why the row cannot be played by that way here; undefined if it can. */
export function whyNot({ nodes = 1, since }: PlayedRow, way: WayName): string | undefined {
  if (way !== 'kernel') return undefined;
  const [version = ''] = /^\d+\.\d+/.exec(release()) ?? [];
  if (since !== undefined && !hasSince(version as KernelVersion, since))
    return `Linux ${since} is the first`;
  const present = readdirSync('/sys/devices/system/node').filter((name) => /^node\d+$/.test(name));
  return present.length < nodes ? `it needs ${nodes} NUMA nodes` : undefined;
}

/** One way, opened when it is needed, and anew for rows that limit memory. */
export class Stage {
  private way: Way | undefined;
  private memoryBytes: number | undefined;

  constructor(private readonly name: WayName) {}

  /** What was required and seen, in order. Nothing is left of what was played before. */
  async play(row: PlayedRow): Promise<readonly Check[]> {
    if (row.memoryBytes !== this.memoryBytes) await this.close();
    this.memoryBytes = row.memoryBytes;
    this.way ??= await openWay(this.name, { memoryBytes: row.memoryBytes });
    await this.way.write('run', 2);
    for (const [tunable, value] of Object.entries({ ...DEFAULTS, ...PACE }))
      await writeIfThere(this.way, tunable, value);
    const checks = new Checks();
    try {
      await row.play(this.way, checks);
    } finally {
      await this.way.clear();
    }
    return checks.all;
  }

  async close(): Promise<void> {
    const { way } = this;
    this.way = undefined;
    await way?.close();
  }
}
