/**
 * All metrics of the daemon, as text for Prometheus. They cost nothing until somebody asks;
 * counting an answered request is all that is done meanwhile.
 */
import type { Host } from '../../ksm/host.js';
import type { ForkSharing } from '../feeds/fork-sharing.js';
import { SharingLooks } from '../feeds/sharing-looks.js';
import type { GuestThreads } from '../threads/guest-threads.js';
import type { Scanner } from '../threads/scanner.js';
import { kernelMetrics } from './kernel.js';
import { khugepagedMetrics } from './khugepaged.js';
import type { Labels, Metric } from './metric.js';
import type { Registries } from './registries.js';
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
  private readonly metrics: readonly Metric[];
  private registries: Promise<Registries> | undefined;
  private readonly sharing: SharingLooks;

  constructor(
    host: Host,
    scanner: Scanner,
    threads: GuestThreads,
    private readonly forks: ForkSharing,
  ) {
    this.sharing = new SharingLooks(host);
    this.metrics = [
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
    this.registries ??= import('./registries.js').then(({ registriesOf }) =>
      registriesOf(this.metrics),
    );
    const { open, plain } = await this.registries;
    const registry = accept?.includes('application/openmetrics-text') ? open : plain;
    return { contentType: registry.contentType, text: await registry.metrics() };
  }
}
