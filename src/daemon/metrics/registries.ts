/**
 * Metrics as prom-client renders them. Loaded when somebody asks first: many daemons are never
 * asked, and loading it takes a tenth of a start.
 */
import { Counter, Gauge, type OpenMetricsContentType, Registry } from 'prom-client';
import type { Metric } from './metric.js';

export interface Registries {
  readonly plain: Registry;
  readonly open: Registry<OpenMetricsContentType>;
}

/**
 * One a format: prom-client renames counters for OpenMetrics, where the name of a family lacks
 * `_total`.
 */
export function registriesOf(metrics: readonly Metric[]): Registries {
  const plain = new Registry();
  const open = new Registry<OpenMetricsContentType>();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const registry of [plain, open]) for (const metric of metrics) register(registry, metric);
  return { plain, open };
}

/** Nothing is kept between two answers: every value is read when the registry is asked. */
function register(
  registry: Registry | Registry<OpenMetricsContentType>,
  { name, help, type, labels, values }: Metric,
): void {
  const configuration = { name, help, labelNames: labels ?? [], registers: [registry] };
  if (type === 'counter') {
    new Counter({
      ...configuration,
      collect() {
        this.reset();
        for (const { labels, value } of values()) this.inc(labels, value);
      },
    });
    return;
  }
  new Gauge({
    ...configuration,
    collect() {
      this.reset();
      for (const { labels, value } of values()) this.set(labels, value);
    },
  });
}
