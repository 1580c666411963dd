/**
 * The scan-time advisor: chooses pages_to_scan so that a full scan takes about
 * advisor_target_scan_time seconds, within bounds of processor time.
 *
 * Consulted at the end of each full scan; all in integers, as in Linux 6.8, mm/ksm.c:
 * scan_time_advisor. `advise` is pure; what it remembers from scan to scan is in the control block.
 */
import {
  CTL_ADVISOR_CHANGE,
  CTL_ADVISOR_CPU_MS,
  CTL_ADVISOR_MAX_CPU,
  CTL_ADVISOR_MAX_PAGES_TO_SCAN,
  CTL_ADVISOR_MIN_PAGES_TO_SCAN,
  CTL_ADVISOR_MODE,
  CTL_ADVISOR_SCAN_TIME,
  CTL_ADVISOR_START_MS,
  CTL_ADVISOR_TARGET_SCAN_TIME,
  CTL_PAGES_TO_SCAN,
} from '../core/layout.js';
import type { Clock } from './clock.js';
import { TUNABLES } from './records/tunable-records.js';

export const ADVISOR_NONE = 0;
export const ADVISOR_SCAN_TIME = 1;

const EWMA_WEIGHT_PERCENT = 30;
const MIN_CPU_PERCENT = 10;

export interface AdvisorInput {
  readonly pagesToScan: number;
  /** Seconds the scan just ended took. */
  readonly scanTime: number;
  /** Seconds the one before took; 0 if there was none. */
  readonly lastScanTime: number;
  /** The smoothed change, in percent, as of the last advice; 0 at first. */
  readonly previousChange: number;
  /** Processor time the scan just ended took, in milliseconds. */
  readonly cpuMs: number;
  readonly targetScanTime: number;
  readonly maxCpuPercent: number;
  readonly maxPagesToScan: number;
}

export interface Advice {
  readonly pagesToScan: number;
  readonly change: number;
  readonly scanTime: number;
}

/** The next pages_to_scan. Divisions round down, and quotients that would be 0 count as 1. */
export function advise(input: AdvisorInput): Advice {
  const quotient = (a: number, b: number): number => Math.max(1, Math.floor(a / b));
  const scanTime = Math.max(1, Math.floor(input.scanTime));
  const cpuPercent = quotient(input.cpuMs * 100, scanTime * 1000);
  const factor = quotient(input.targetScanTime * 100, scanTime);
  const trend = quotient(scanTime * 100, input.lastScanTime === 0 ? scanTime : input.lastScanTime);
  const change = Math.floor(
    ((100 - EWMA_WEIGHT_PERCENT) * input.previousChange + EWMA_WEIGHT_PERCENT * trend) / 100,
  );
  const wanted = Math.floor((Math.floor((input.pagesToScan * 100) / factor) * change) / 100);
  const perPercent = quotient(input.pagesToScan, cpuPercent);
  const capped = Math.max(
    Math.min(wanted, perPercent * input.maxCpuPercent),
    perPercent * MIN_CPU_PERCENT,
  );
  return { pagesToScan: Math.min(capped, input.maxPagesToScan), change, scanTime };
}

export class Advisor {
  constructor(
    private readonly i32: Int32Array,
    private readonly clock: Clock,
  ) {}

  /**
   * Turning the advisor on starts from advisor_min_pages_to_scan, turning it off goes back to the
   * default.
   */
  setMode(mode: number): void {
    const { i32 } = this;
    if (i32[CTL_ADVISOR_MODE] === mode) return;
    i32[CTL_ADVISOR_MODE] = mode;
    if (mode === ADVISOR_NONE) i32[CTL_PAGES_TO_SCAN] = TUNABLES.pages_to_scan.initial;
    else {
      i32[CTL_PAGES_TO_SCAN] = i32[CTL_ADVISOR_MIN_PAGES_TO_SCAN];
      this.forget();
    }
  }

  /** Remembers nothing of scans before. */
  forget(): void {
    this.i32[CTL_ADVISOR_CHANGE] = 0;
    this.i32[CTL_ADVISOR_SCAN_TIME] = 0;
    this.i32[CTL_ADVISOR_CPU_MS] = 0;
  }

  /** Processor time goes by another clock from now on: what was used before is none of its. */
  clockIsAnother(): void {
    this.i32[CTL_ADVISOR_CPU_MS] = this.clock.cpuMs() | 0;
  }

  scanStarts(): void {
    if (this.i32[CTL_ADVISOR_MODE] === ADVISOR_SCAN_TIME)
      this.i32[CTL_ADVISOR_START_MS] = this.clock.nowMs() | 0;
  }

  scanEnds(): void {
    const { i32 } = this;
    if (i32[CTL_ADVISOR_MODE] !== ADVISOR_SCAN_TIME) return;
    const cpuMs = this.clock.cpuMs() | 0;
    const advice = advise({
      pagesToScan: i32[CTL_PAGES_TO_SCAN] >>> 0,
      scanTime: ((this.clock.nowMs() - i32[CTL_ADVISOR_START_MS]) >>> 0) / 1000,
      lastScanTime: i32[CTL_ADVISOR_SCAN_TIME],
      previousChange: i32[CTL_ADVISOR_CHANGE],
      cpuMs: (cpuMs - i32[CTL_ADVISOR_CPU_MS]) >>> 0,
      targetScanTime: i32[CTL_ADVISOR_TARGET_SCAN_TIME] >>> 0,
      maxCpuPercent: i32[CTL_ADVISOR_MAX_CPU] >>> 0,
      maxPagesToScan: i32[CTL_ADVISOR_MAX_PAGES_TO_SCAN] >>> 0,
    });
    i32[CTL_ADVISOR_CHANGE] = advice.change;
    i32[CTL_ADVISOR_SCAN_TIME] = advice.scanTime;
    i32[CTL_ADVISOR_CPU_MS] = cpuMs;
    i32[CTL_PAGES_TO_SCAN] = advice.pagesToScan;
  }
}
