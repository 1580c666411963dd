/**
 * Whether what somebody's file holds are curves that can be drawn: every list of the same length as
 * its times, these in order, and no more of anything than a chart takes in a moment.
 */
import { type Curves, PAGE_KINDS, type RunCurves } from './curves.js';

/** ksmd writes a quarter of these curves, and a tenth of these points. */
const MOST_RUNS = 64;
const MOST_POINTS = 20_000;
/** Thirty years. Of larger numbers a thousandth, an axis's least step, is too little to add. */
const MOST_SECONDS = 1e9;

type Fields = Readonly<Record<string, unknown>>;

export function areCurves(data: unknown): data is Curves {
  if (!isObject(data)) return false;
  const { labelled, runs } = data;
  return (
    typeof labelled === 'string' &&
    Array.isArray(runs) &&
    runs.length > 0 &&
    runs.length <= MOST_RUNS &&
    runs.every(isRun)
  );
}

function isRun(run: unknown): run is RunCurves {
  if (!isObject(run)) return false;
  const { label, colour, isDashed, seconds, savedBytes, hugePages, kindBytes, processor } = run;
  if (!areTimes(seconds) || !isObject(kindBytes) || !isObject(processor)) return false;
  const { seconds: apart, share } = processor;
  return (
    typeof label === 'string' &&
    typeof colour === 'number' &&
    Number.isInteger(colour) &&
    typeof isDashed === 'boolean' &&
    areNumbers(savedBytes, seconds.length) &&
    areNumbers(hugePages, seconds.length) &&
    PAGE_KINDS.every((kind) => areNumbers(kindBytes[kind], seconds.length)) &&
    areTimes(apart) &&
    Array.isArray(share) &&
    areNumbers(
      share.filter((each) => each !== null),
      apart.length - share.filter((each) => each === null).length,
    )
  );
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function areTimes(list: unknown): list is readonly number[] {
  return (
    Array.isArray(list) &&
    list.length > 0 &&
    list.length <= MOST_POINTS &&
    areNumbers(list, list.length) &&
    list.every((each, at) => each <= MOST_SECONDS && each >= (list[at - 1] ?? 0))
  );
}

function areNumbers(list: unknown, length: number): list is readonly number[] {
  return (
    Array.isArray(list) &&
    list.length === length &&
    list.every((each) => Number.isFinite(each) && Math.abs(each) <= Number.MAX_SAFE_INTEGER)
  );
}
