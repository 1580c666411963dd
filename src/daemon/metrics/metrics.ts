/**
 * All metrics of the daemon, as text for Prometheus. They cost nothing until somebody asks;
 * counting an answered request is all that is done meanwhile.
 */
import { type OpenMetricsContentType, Registry } from 'prom-client';
import type { Host } from '../../ksm/host.js';
import type { ForkSharing } from '../feeds/fork-sharing.js';
import { SharingLooks } from '../feeds/sharing-looks.js';
import type { GuestThreads } from '../threads/guest-threads.js';
import type { Scanner } from '../threads/scanner.js';
import { kernelMetrics } from './kernel.js';
import { khugepagedMetrics } from './khugepaged.js';
import { type Labels, type Metric, register } from './metric.js';
import {
  guestMetrics,
  memoryMetrics,
  processMetrics,
  sharingMetric,
  threadMetrics,
} from './simulator.js';

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

export class Metrics {
  private readonly requests = new Map<string, { readonly labels: Labels; value: number }>();
  /**
   * One a format: prom-client renames counters for OpenMetrics, where the name of a family lacks
   * `_total`.
   */
  private readonly plain = new Registry();
  private readonly sharing: SharingLooks;
  private readonly open = new Registry<OpenMetricsContentType>();

  constructor(
    host: Host,
    scanner: Scanner,
    threads: GuestThreads,
    private readonly forks: ForkSharing,
  ) {
    this.open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    this.sharing = new SharingLooks(host);
    const metrics: Metric[] = [
      ...kernelMetrics(host),
      ...khugepagedMetrics(host),
      ...memoryMetrics(host, () => forks.known().pages),
      sharingMetric(() => this.sharing.last),
      ...guestMetrics(host),
      ...threadMetrics(scanner, threads),
      {
        name: 'ksmd_http_requests_total',
        help: 'Requests answered, on the socket and over TCP.',
        type: 'counter',
        labels: ['method', 'route', 'code'],
        values: () => this.requests.values(),
      },
      ...processMetrics(host),
    ];
    for (const registry of [this.plain, this.open])
      for (const metric of metrics) register(registry, metric);
  }

  /**
   * `route`: as the table has it, so that there are not as many series as guests; undefined if
   * there is none.
   */
  countRequest(method: string, route: string | undefined, code: number): void {
    const labels = { method, route: route ?? 'none', code };
    const key = Object.values(labels).join(' ');
    const counted = this.requests.get(key);
    if (counted === undefined) this.requests.set(key, { labels, value: 1 });
    else counted.value++;
  }

  /** In the format that an Accept header prefers; Prometheus's own unless it names OpenMetrics. */
  async expose(accept: string | undefined): Promise<Exposition> {
    await this.forks.ready();
    await this.sharing.look();
    const registry = accept?.includes('application/openmetrics-text') ? this.open : this.plain;
    return { contentType: registry.contentType, text: await registry.metrics() };
  }
}
