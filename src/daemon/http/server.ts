/**
 * The API's server: fastify over HTTP/1.1, with every answer in the API's own shape.
 *
 * Values are never coerced: a number sent as a string is refused where a number is wanted.
 */
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { type FastifyReply, fastify } from 'fastify';
import { Type } from 'typebox';
import { KsmdError } from '../../errors.js';
import { methodsOf, ROUTES } from '../../protocol/routes.js';
import { VERSION } from '../../version.js';
import { SYSTEM_TIMERS } from '../timers.js';
import { BodyWatch } from './body-watch.js';
import { type Api, type Context, route } from './context.js';
import { answerBrokenRequest, answerStalledBody } from './cut-requests.js';
import type { Limits } from './limits.js';
import { noRouteRefusal, type Refusal, refusalOf, schemaRefusal } from './refusals.js';
import { dashboardRoutes } from './routes/dashboard.js';
import { guestRoutes } from './routes/guests.js';
import { ksmRoutes } from './routes/ksm.js';
import { liveRoutes } from './routes/live.js';
import { memoryRoutes } from './routes/memory.js';
import { metricsRoutes } from './routes/metrics.js';
import { pageRoutes } from './routes/pages.js';
import { profileRoutes } from './routes/profile.js';
import { reportRoutes } from './routes/report.js';
import { statusRoutes } from './routes/status.js';
import { streamRoutes } from './routes/streams.js';
import { upkeepRoutes } from './routes/upkeep.js';
import { workloadRoutes } from './routes/workloads.js';
import { isOwnHost, isReadable, type TcpAddress } from './tcp.js';

/** How often connections are looked at for having taken too long. */
const CHECK_CONNECTIONS_MS = 500;

/** Routes that are answered also while the scanner is being restarted. */
const ALWAYS_ANSWERED: readonly string[] = [
  ROUTES.status.path,
  ROUTES.report.path,
  ROUTES.logs.path,
  ROUTES.events.path,
  ROUTES.metrics.path,
  ROUTES.stop.path,
  ROUTES.pageMap.path,
  ROUTES.live.path,
  ROUTES.dashboard.path,
  ROUTES.dashboardFile.path,
];

/**
 * A server that is ready to listen: on the socket, or at a TCP address, where it only lets itself
 * be looked at.
 */
export async function createServer(
  context: Context,
  limits: Limits,
  tcp?: TcpAddress,
): Promise<Api> {
  const api: Api = fastify({
    bodyLimit: limits.maxBodyBytes,
    // HEAD would run the handlers of GET: begin streams that nobody reads, and take snapshots.
    exposeHeadRoutes: false,
    keepAliveTimeout: limits.idleTimeoutMs,
    http: {
      headersTimeout: limits.headerTimeoutMs,
      connectionsCheckingInterval: CHECK_CONNECTIONS_MS,
    },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 4096 },
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        verbose: true,
      },
    },
    schemaErrorFormatter: schemaRefusal,
    clientErrorHandler: (error, socket) => answerBrokenRequest(context.uploads, error, socket),
    frameworkErrors: (error, _request, reply) =>
      refuse(reply as unknown as FastifyReply, refusalOf(error)),
  }).withTypeProvider<TypeBoxTypeProvider>();
  const { logger } = context.log;
  api.server.maxConnections = limits.maxConnections;

  api.setErrorHandler((error, { method, url }, reply) => {
    const refused = refusalOf(error);
    if (refused.answer.error.code === 'EIO')
      logger.error({ method, url, err: error }, 'a request met a fault in ksmd');
    refuse(reply, refused);
  });
  api.setNotFoundHandler(({ method, url }, reply) => {
    const methods = methodsOf(url.split('?', 1)[0] ?? '');
    if (methods.length > 0) reply.header('allow', methods.join(', '));
    refuse(reply, noRouteRefusal(method, url, methods));
  });
  const bodies = new BodyWatch(
    limits.bodyTimeoutMs,
    ({ socket }) => answerStalledBody(context.uploads, limits.bodyTimeoutMs, socket),
    SYSTEM_TIMERS,
  );
  api.addHook('onRequest', async ({ routeOptions, headers, method, raw }) => {
    bodies.watch(raw);
    if (tcp !== undefined) assertAllowed(tcp, method, routeOptions.url, headers.host);
    if (!ALWAYS_ANSWERED.includes(routeOptions.url ?? '')) await context.scanner.ready();
  });
  api.addHook('onResponse', async ({ method, url, routeOptions }, { statusCode, elapsedTime }) => {
    context.metrics.countRequest(method, routeOptions.url, statusCode);
    logger.debug({ method, url, status: statusCode, ms: Math.round(elapsedTime) }, 'answered');
  });
  acceptJson(api);

  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'ksmd',
        version: VERSION,
        description: 'Kernel Samepage Merging in a simulated machine, over a Unix socket.',
      },
      servers: [{ url: 'http://localhost' }],
    },
  });
  for (const routes of [
    statusRoutes,
    ksmRoutes,
    guestRoutes,
    memoryRoutes,
    pageRoutes,
    reportRoutes,
    workloadRoutes,
    upkeepRoutes,
    profileRoutes,
    streamRoutes,
    liveRoutes,
    dashboardRoutes,
    metricsRoutes,
    openapiRoute,
  ]) {
    await api.register(async (scope) => routes(scope as Api, context));
  }
  await api.ready();
  return api;
}

/** EACCES unless this may be asked over TCP. */
function assertAllowed(
  tcp: TcpAddress,
  method: string,
  url: string | undefined,
  host: string | undefined,
): void {
  if (!isOwnHost(host, tcp))
    throw new KsmdError('EACCES', `this is not ${host ?? 'a host without a name'}`);
  if (url !== undefined && !isReadable(method, url))
    throw new KsmdError('EACCES', 'over TCP ksmd can only be looked at: use the Unix socket');
}

function refuse(reply: FastifyReply, { httpStatus, answer }: Refusal): void {
  void reply.code(httpStatus).type('application/json').send(answer);
}

function openapiRoute(api: Api): void {
  api.route({
    ...route(
      'openapi',
      {},
      { 200: Type.Unsafe<unknown>({ type: 'object', additionalProperties: true }) },
    ),
    handler: () => api.swagger(),
  });
}

/**
 * Takes bodies as JSON whatever their content type, so that `curl -d` needs no header. An empty one
 * is no body.
 */
function acceptJson(api: Api): void {
  const parseJson = api.getDefaultJsonParser('error', 'error');
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else
      parseJson(request, body as string, (error, value) =>
        done(error === null ? null : new KsmdError('EINVAL', 'the body is not JSON'), value),
      );
  });
}
