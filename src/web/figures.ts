/** The few numbers that people come for, and the rates that samples a few seconds apart come to. */
import type { Sample } from '../protocol/history.js';
import { figure, percent, size } from '../wording/amounts.js';
import { element, made, say } from './elements.js';
import { compact } from './wording.js';

/** How many samples, one a second, are asked for: rates are over the time between them. */
export const RATES_OVER = 4;

export interface Rates {
  readonly pagesPerSecond: number;
  /** Of one processor, ksmd's own scanner: 0 to 1. */
  readonly cpuShare: number;
  /** What a kernel's scanner would have taken for the same; more than 1 at ksmd's own pace. */
  readonly kernelCpuShare: number;
}

/** What the scanner did between two samples. */
export function ratesBetween(before: Sample | undefined, after: Sample | undefined): Rates {
  const ms = before === undefined || after === undefined ? 0 : after.atMs - before.atMs;
  if (before === undefined || after === undefined || ms <= 0)
    return { pagesPerSecond: 0, cpuShare: 0, kernelCpuShare: 0 };
  return {
    pagesPerSecond: ((after.pagesScanned - before.pagesScanned) * 1000) / ms,
    cpuShare: Math.min(1, (after.scannerCpuMs - before.scannerCpuMs) / ms),
    kernelCpuShare: (after.kernelCpuMs - before.kernelCpuMs) / ms,
  };
}

const NAMES = ['In use', 'Free', 'Scan rate', 'Processor', 'Full scans', 'Huge pages'] as const;
type Name = (typeof NAMES)[number];

export class Figures {
  private readonly shown = {} as Record<
    Name,
    { readonly value: HTMLElement; readonly more: HTMLElement }
  >;

  constructor() {
    const list = element('figures', HTMLDListElement);
    for (const name of NAMES) {
      const group = made('div');
      const value = made('dd', '–', 'value');
      const more = made('dd', '', 'more');
      group.append(made('dt', name), value, more);
      list.append(group);
      this.shown[name] = { value, more };
    }
  }

  /** The last samples, oldest first. */
  update(samples: readonly Sample[]): void {
    const now = samples.at(-1);
    if (now === undefined) return;
    const { usedBytes, freeBytes, fullScans, merges, breaks } = now;
    const { hugePages, splits } = now;
    const total = usedBytes + freeBytes;
    const { pagesPerSecond, cpuShare, kernelCpuShare } = ratesBetween(samples[0], now);
    this.say(
      'In use',
      size(usedBytes),
      total === 0 ? '' : `${percent(usedBytes / total)} of ${size(total)}`,
    );
    this.say('Free', size(freeBytes), '');
    this.say('Scan rate', `${compact(pagesPerSecond)}/s`, 'pages looked at');
    this.say(
      'Processor',
      percent(kernelCpuShare),
      `of one, as a kernel; ${percent(cpuShare)} here`,
    );
    this.say('Huge pages', figure(hugePages), `${compact(splits)} split by KSM`);
    this.say(
      'Full scans',
      figure(fullScans),
      `${compact(merges)} merges, ${compact(breaks)} broken`,
    );
  }

  private say(name: Name, value: string, more: string): void {
    const shown = this.shown[name];
    say(shown.value, value);
    say(shown.more, more);
  }
}
