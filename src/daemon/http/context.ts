/** What the routes work on. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifySchema,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Host } from '../../ksm/host.js';
import { ErrorAnswer } from '../../protocol/errors.js';
import { ROUTES, type RouteName } from '../../protocol/routes.js';
import type { EventFeed } from '../feeds/event-feed.js';
import type { History } from '../feeds/history.js';
import type { LiveFeed } from '../feeds/live-feed.js';
import type { LiveStreams } from '../feeds/live-streams.js';
import type { Log } from '../log/log.js';
import type { Metrics } from '../metrics/metrics.js';
import type { GuestThreads } from '../threads/guest-threads.js';
import type { Profiling } from '../threads/profiling.js';
import type { Scanner } from '../threads/scanner.js';
import type { TunableWrites } from '../threads/tunable-writes.js';
import type { Uploads } from './uploads.js';

export interface Context {
  readonly host: Host;
  readonly scanner: Scanner;
  readonly tunables: TunableWrites;
  readonly threads: GuestThreads;
  readonly log: Log;
  readonly events: EventFeed;
  readonly history: History;
  readonly live: LiveFeed;
  readonly metrics: Metrics;
  readonly streams: LiveStreams;
  readonly uploads: Uploads;
  readonly profiling: Profiling;
  /** performance.now() at the start. */
  readonly startedAtMs: number;
  /** Begins to stop the daemon. */
  readonly stop: (reason: string) => void;
}

export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** Method, URL and schema of a route of the table. `answers`: what it answers by HTTP status. */
export function route<
  Schema extends Omit<FastifySchema, 'response'>,
  Answers extends Record<number, unknown>,
>(name: RouteName, schema: Schema, answers: Answers) {
  const { method, path, summary } = ROUTES[name];
  return {
    method,
    url: path,
    schema: {
      ...schema,
      summary,
      operationId: name,
      response: { ...answers, default: ErrorAnswer },
    },
  };
}
