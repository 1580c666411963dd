/**
 * A metric as Prometheus has it: what it is called, what it means, and where its value comes from
 * when somebody asks.
 */
export type Labels = Readonly<Record<string, string | number>>;

export interface LabelledValue {
  readonly labels: Labels;
  readonly value: number;
}

export interface Metric {
  /** With the base unit in it, and `_total` at the end of a counter. */
  readonly name: string;
  readonly help: string;
  /**
   * A counter only goes up, or starts again from 0: that is a reset, which `rate` and `increase`
   * see through. What comes down otherwise is a gauge.
   */
  readonly type: 'counter' | 'gauge';
  /** Names of the labels; all values have these. */
  readonly labels?: readonly string[];
  values(): Iterable<LabelledValue>;
}

type Description = Omit<Metric, 'type' | 'labels' | 'values'>;

export function counter(description: Description, value: () => number): Metric {
  return { ...description, type: 'counter', values: () => [{ labels: {}, value: value() }] };
}

export function gauge(description: Description, value: () => number): Metric {
  return { ...description, type: 'gauge', values: () => [{ labels: {}, value: value() }] };
}

/** A state out of several: 1 for the one that is, 0 for the others. */
export function state(
  description: Description,
  label: string,
  states: readonly string[],
  current: () => string,
): Metric {
  return {
    ...description,
    type: 'gauge',
    labels: [label],
    values: () =>
      states.map((name) => ({ labels: { [label]: name }, value: name === current() ? 1 : 0 })),
  };
}
