/** What is saved over time, in the few figures that a prediction is held against a kernel by. */

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

export interface Figure {
  readonly name: string;
  readonly value: number;
  /** How far off a prediction may be: a share, and as much besides. */
  readonly share: number;
  readonly besides: number;
}

const PARTS = [0.1, 0.5, 0.9];

export function figuresOf(curve: Curve): Figure[] {
  const last = curve.at(-1);
  if (last === undefined) throw new RangeError('an empty curve');
  const reached = (part: number): Point =>
    curve.find(({ sharing }) => sharing >= part * last.sharing) ?? last;
  const rest = curve.find(({ seconds }) => seconds >= last.seconds / 2) ?? last;
  const most = reached(0.9);
  return [
    { name: 'pages_shared at the end', value: last.shared, share: 0.05, besides: 0 },
    { name: 'pages_sharing at the end', value: last.sharing, share: 0.05, besides: 0 },
    { name: 'huge pages left', value: last.hugePages, share: 0.05, besides: 2 },
    ...PARTS.map((part) => ({
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

/** A line a figure: what was predicted, what each run came to, and how far that is off. */
export function heldAgainst(
  predicted: readonly Figure[],
  runs: readonly (readonly Figure[])[],
): { readonly text: string; readonly isRight: boolean }[] {
  return predicted.map(({ name, value, share, besides }, at) => {
    const came = runs.map((run) => run[at]?.value ?? 0);
    const low = Math.min(...came);
    const high = Math.max(...came);
    // Runs of the kernel's own differ: what lies between them is right.
    const off = Math.max(0, low - value, value - high);
    const isRight = off <= Math.max(low * share, besides);
    const written = (number: number): string =>
      number >= 1000 ? Math.round(number).toLocaleString('en') : number.toFixed(2);
    const text =
      `  ${name.padEnd(30)} predicted ${written(value).padStart(9)}   kernel ` +
      `${came.map((each) => written(each).padStart(9)).join(' ')}   off by ` +
      `${((off / Math.max(low, 1e-9)) * 100).toFixed(1)} %${isRight ? '' : '  TOO FAR'}`;
    return { text, isRight };
  });
}
