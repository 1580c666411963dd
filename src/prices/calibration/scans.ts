/** Several scans of one specimen, as one. */
import type { KernelWork } from '../../ksm/kernel-work.js';
import type { MeasuredScan } from './specimen.js';
import type { BatchTime } from './waking.js';

/** A batch of it, on average. */
export function batchTime({ processorNs, work, batches }: MeasuredScan): BatchTime {
  return { visits: work.visits / batches, ns: processorNs / batches };
}

/** By what a visit took. */
export function middleOf(scans: readonly MeasuredScan[]): MeasuredScan {
  const nsAVisit = ({ processorNs, work }: MeasuredScan): number => processorNs / work.visits;
  const middle = scans.toSorted((a, b) => nsAVisit(a) - nsAVisit(b))[Math.floor(scans.length / 2)];
  if (middle === undefined) throw new RangeError('no scan');
  return middle;
}

export function sumOf(scans: readonly MeasuredScan[]): MeasuredScan {
  const [first] = scans;
  if (first === undefined) throw new RangeError('no scan');
  const work = Object.fromEntries(
    Object.keys(first.work).map((name) => [
      name,
      scans.reduce((sum, scan) => sum + scan.work[name as keyof KernelWork], 0),
    ]),
  ) as unknown as KernelWork;
  return {
    processorNs: scans.reduce((sum, scan) => sum + scan.processorNs, 0),
    work,
    batches: scans.reduce((sum, scan) => sum + scan.batches, 0),
  };
}
