/** What /proc/PID tells of a process, in the running kernel's /proc or in that of ksmd. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kilobytesIn } from '../../record/resident.js';
import { PAGE_SIZE } from '../memory.js';
import type { Footprint } from '../way.js';

export class ProcessFiles {
  constructor(private readonly folder: string) {}

  async ksmStat(): Promise<Readonly<Record<string, string>>> {
    const lines = this.text('ksm_stat').trimEnd().split('\n');
    return Object.fromEntries(lines.map((line) => line.split(/:? /)));
  }

  async ksmMergingPages(): Promise<number> {
    return Number(this.text('ksm_merging_pages'));
  }

  /** As smaps or smaps_rollup has it, of the mappings that are `isCounted`. */
  async footprint(
    file: 'smaps' | 'smaps_rollup',
    isCounted: (address: number) => boolean = () => true,
  ): Promise<Footprint> {
    const { Rss = 0, Pss = 0 } = kilobytesIn(this.text(file), isCounted);
    const pages = (kilobytes: number): number => (kilobytes * 1024) / PAGE_SIZE;
    return { residentPages: pages(Rss), proportionalPages: pages(Pss) };
  }

  private text(file: string): string {
    return readFileSync(join(this.folder, file), 'latin1');
  }
}
