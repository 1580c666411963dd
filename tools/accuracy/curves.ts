/** What is saved over time, in the few figures that a prediction is held against a kernel by. */

/** In the folder of what comes of it: a line a trial. */
export const CURVES_FILE = 'curves.jsonl';

export interface Point {
  readonly seconds: number;
  readonly shared: number;
  readonly sharing: number;
  /** Pages that the scanner has come to, those left out by smart scan besides. */
  readonly visits: number;
  readonly skips: number;
  /** Pages that are in no tree but the unstable one. */
  readonly unshared: number;
  /** That the programs still have. */
  readonly hugePages: number;
  /** Of the kernel's scanner, since the begin. */
  readonly cpuSeconds: number;
}
export type Curve = readonly Point[];

/** What a kernel has done, or is predicted to do. */
export interface Run {
  readonly curve: Curve;
  /** Frames that merging spares in the end. */
  readonly freedFrames: number;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  /** How far off a prediction may be: a share, and as much besides. */
  readonly share: number;
  readonly besides: number;
}

/** A figure that was predicted, held against that of each of a kernel's runs. */
export interface Held {
  readonly name: string;
  readonly predicted: number;
  readonly kernel: readonly number[];
  /** How far the kernel's own runs are apart, as a share of the lowest. */
  readonly spread: number;
  /** How far the prediction is from all that lies between them, as such a share. */
  readonly off: number;
  readonly isRight: boolean;
}

export const TIME_PARTS = [0.1, 0.5, 0.9];
/** The latter part, in which it is to be at rest. */
const REST_PART = 1 / 3;

/** `endShare`: how far off a prediction of what is merged in the end may be. */
export function figuresOf({ curve, freedFrames }: Run, endShare: number): Figure[] {
  const last = curve.at(-1);
  if (last === undefined) throw new RangeError('an empty curve');
  const reached = (part: number): Point =>
    curve.find(({ sharing }) => sharing >= part * last.sharing) ?? last;
  const rest = curve.find(({ seconds }) => seconds >= last.seconds * (1 - REST_PART)) ?? last;
  const most = reached(0.9);
  return [
    { name: 'pages_shared at the end', value: last.shared, share: endShare, besides: 0 },
    { name: 'pages_sharing at the end', value: last.sharing, share: endShare, besides: 0 },
    { name: 'frames freed at the end', value: freedFrames, share: endShare, besides: 0 },
    { name: 'huge pages left', value: last.hugePages, share: 0.05, besides: 2 },
    ...TIME_PARTS.map((part) => ({
      name: `seconds to ${part * 100} % of it`,
      value: reached(part).seconds,
      share: 0.1,
      besides: 0.5,
    })),
    // What the processor time is paid for: where it is off, one of these tells why.
    ...(['visits', 'skips', 'unshared'] as const).map((name) => ({
      name: `${name} until then`,
      value: most[name],
      share: 0.15,
      besides: 1000,
    })),
    { name: 'processor seconds until then', value: most.cpuSeconds, share: 0.15, besides: 0 },
    {
      name: 'of a processor, at rest',
      value: (last.cpuSeconds - rest.cpuSeconds) / (last.seconds - rest.seconds),
      share: 0.15,
      besides: 0,
    },
  ];
}

export function heldAgainst(
  predicted: readonly Figure[],
  runs: readonly (readonly Figure[])[],
): Held[] {
  return predicted.map(({ name, value, share, besides }, at) => {
    const kernel = runs.map((run) => run[at]?.value ?? 0);
    const low = Math.min(...kernel);
    const high = Math.max(...kernel);
    // Runs of the kernel's own differ: what lies between them is right.
    const off = Math.max(0, low - value, value - high);
    const isRight = off <= Math.max(Math.abs(low) * share, besides);
    const shareOf = (number: number): number => (number === 0 ? 0 : number / Math.abs(low));
    return {
      name,
      predicted: value,
      kernel,
      spread: shareOf(high - low),
      off: shareOf(off),
      isRight,
    };
  });
}
