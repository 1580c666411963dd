/**
 * The API's server: fastify over HTTP/1.1, with every answer in the API's own shape.
 *
 * Values are never coerced: a number sent as a string is refused where a number is wanted.
 */
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import { KsmdError } from '../../errors.js';
import type { Route } from '../../protocol/route.js';
import { ROUTES } from '../../protocol/routes.js';
import type { Timers } from '../timers.js';
import type { Context } from './context.js';
import { answerBrokenRequest } from './cut-requests.js';
import { LAZY_COMPILERS } from './lazy-compilers.js';
import type { Limits } from './limits.js';
import { methodsOf } from './methods.js';
import { boundPeers } from './peers.js';
import { noRouteRefusal, type Refusal, refusalOf, schemaRefusal } from './refusals.js';
import { registerRoutes } from './register.js';
import { dashboardHandlers } from './routes/dashboard.js';
import { guestHandlers } from './routes/guests.js';
import { khugepagedHandlers } from './routes/khugepaged.js';
import { ksmHandlers } from './routes/ksm.js';
import { liveHandlers } from './routes/live.js';
import { memoryHandlers } from './routes/memory.js';
import { metricsHandlers } from './routes/metrics.js';
import { openApiHandlers } from './routes/openapi.js';
import { pageClassHandlers } from './routes/page-classes.js';
import { pageHandlers } from './routes/pages.js';
import { profileHandlers } from './routes/profile.js';
import { reportHandlers } from './routes/report.js';
import { sharedHandlers } from './routes/shared.js';
import { statusHandlers } from './routes/status.js';
import { streamHandlers } from './routes/streams.js';
import { upkeepHandlers } from './routes/upkeep.js';
import { workloadHandlers } from './routes/workloads.js';
import { isOwnHost, type TcpAddress } from './tcp.js';

/** How often connections are looked at for having taken too long. */
const CHECK_CONNECTIONS_MS = 500;

/**
 * A server that is ready to listen: on the socket, or at a TCP address, where it only lets itself
 * be looked at.
 */
export async function createServer(
  context: Context,
  limits: Limits,
  timers: Timers,
  tcp?: TcpAddress,
): Promise<FastifyInstance> {
  const api: FastifyInstance = fastify({
    bodyLimit: limits.maxBodyBytes,
    // HEAD is for our own routes to answer: not all run what GET runs.
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
    schemaController: { compilersFactory: LAZY_COMPILERS },
    schemaErrorFormatter: schemaRefusal,
    clientErrorHandler: (error, socket) =>
      answerBrokenRequest(context, limits.headerTimeoutMs, error, socket),
    frameworkErrors: (error, _request, reply) => refuse(reply, refusalOf(error)),
  });
  const { logger } = context.log;
  boundPeers(api, context, limits, timers);

  api.setErrorHandler((error, { method, url }, reply) => {
    const refused = refusalOf(error);
    if (refused.answer.error.code === 'EIO')
      logger.error({ method, url, err: error }, 'a request met a fault in ksmd');
    refuse(reply, refused);
  });
  api.setNotFoundHandler(({ method, url }, reply) => {
    const methods = methodsOf(url.split('?', 1)[0] ?? '');
    if (methods.length > 0) reply.header('allow', methods.flatMap(asAllowed).join(', '));
    refuse(reply, noRouteRefusal(method, url, methods));
  });
  api.addHook('onRequest', async ({ routeOptions, headers }) => {
    const { record } = routeOptions.config;
    if (tcp !== undefined) assertAllowed(tcp, record, headers.host);
    if (record?.duringRestart !== true) await context.scanner.ready();
  });
  api.addHook('onResponse', async ({ method, url, routeOptions }, { statusCode, elapsedTime }) => {
    context.metrics.countRequest(method, routeOptions.url, statusCode);
    logger.debug({ method, url, status: statusCode, ms: Math.round(elapsedTime) }, 'answered');
  });
  acceptJson(api);

  registerRoutes(api, ROUTES, {
    ...statusHandlers(context),
    ...ksmHandlers(context),
    ...khugepagedHandlers(context),
    ...guestHandlers(context),
    ...memoryHandlers(context),
    ...pageHandlers(context),
    ...reportHandlers(context),
    ...sharedHandlers(context),
    ...workloadHandlers(context),
    ...upkeepHandlers(context),
    ...profileHandlers(context),
    ...streamHandlers(context),
    ...liveHandlers(context),
    ...pageClassHandlers(context),
    ...dashboardHandlers(),
    ...metricsHandlers(context),
    ...openApiHandlers(),
  });
  await api.ready();
  return api;
}

/** What can be got can be asked about. */
function asAllowed(method: Route['method']): string[] {
  return method === 'GET' ? [method, 'HEAD'] : [method];
}

/** EACCES unless this may be asked over TCP; that nothing is at the URL may be told. */
function assertAllowed(tcp: TcpAddress, record: Route | undefined, host: string | undefined): void {
  if (!isOwnHost(host, tcp))
    throw new KsmdError('EACCES', `this is not ${host ?? 'a host without a name'}`);
  if (record?.overTcp === false)
    throw new KsmdError('EACCES', 'over TCP ksmd can only be looked at: use the Unix socket');
}

function refuse(reply: FastifyReply, { httpStatus, answer }: Refusal): void {
  void reply.code(httpStatus).type('application/json').send(answer);
}

/**
 * Takes bodies as JSON whatever their content type, so that `curl -d` needs no header. An empty one
 * is no body.
 */
function acceptJson(api: FastifyInstance): void {
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
