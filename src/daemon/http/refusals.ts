/**
 * Every refusal as the API answers it: an errno name, a sentence, an HTTP status. Nothing that a
 * caller did ends in fastify's own shape.
 */
import type { FastifyError, FastifySchemaValidationError } from 'fastify';
import { KsmdError } from '../../errors.js';
import { printable } from '../../printable.js';
import type { ErrorAnswer } from '../../protocol/error-answer.js';
import { type ErrorCode, HTTP_STATUS, isAnswered } from '../../protocol/errors.js';
import { ROUTES } from '../../protocol/routes.js';

const METHOD_NOT_ALLOWED = 405;

export interface Refusal {
  readonly httpStatus: number;
  readonly answer: ErrorAnswer;
}

export function refusal(code: ErrorCode, message: string, bytesStored?: number): Refusal {
  return {
    httpStatus: HTTP_STATUS[code],
    answer: {
      error: { code, message: printable(message) },
      ...(bytesStored === undefined ? {} : { bytesStored }),
    },
  };
}

/** Nothing is at that URL, or something that can be asked with other methods. */
export function noRouteRefusal(method: string, url: string, methods: readonly string[]): Refusal {
  if (methods.length === 0)
    return refusal('ENOENT', `there is no ${method} ${url}: see ${ROUTES.openapi.path}`);
  const wrong = refusal('EINVAL', `${url} takes ${methods.join(' or ')}, not ${method}`);
  return { ...wrong, httpStatus: METHOD_NOT_ALLOWED };
}

/**
 * What to answer to an error that a handler, a parser or the framework threw. EIO is a fault of
 * ours.
 */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof KsmdError && isAnswered(error.code))
    return refusal(error.code, error.message, error.details.bytesStored);
  const { code, statusCode, message } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return refusal('E2BIG', 'the body is larger than a request of this kind may be (--max-body)');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return refusal('EINVAL', message ?? 'a bad request');
  return refusal('EIO', `a fault in ksmd: ${message ?? error}`);
}

/**
 * One sentence for what a schema found wrong. The last error is the one of the outermost schema.
 */
export function schemaRefusal(errors: FastifySchemaValidationError[], where: string): KsmdError {
  const error = errors.at(-1) as
    | (FastifySchemaValidationError & { parentSchema?: { description?: string } })
    | undefined;
  if (error === undefined) return new KsmdError('EINVAL', `${where} is not valid`);
  const field = error.instancePath.slice(1).replaceAll('/', '.');
  const subject = field === '' ? `the ${where === 'querystring' ? 'query' : where}` : field;
  const { keyword, params } = error;
  if (keyword === 'additionalProperties')
    return new KsmdError('EINVAL', `${subject} has no field '${params.additionalProperty}'`);
  if (keyword === 'required')
    return new KsmdError('EINVAL', `${subject} lacks '${params.missingProperty}'`);
  if (field === '' && keyword === 'minProperties')
    return new KsmdError('EINVAL', `${subject} is empty: name at least one value`);
  if (field === '' && keyword === 'type')
    return new KsmdError(
      'EINVAL',
      `${subject} must be a JSON ${params.type}, like {"name": value}`,
    );
  const wanted = error.parentSchema?.description;
  return new KsmdError(
    'EINVAL',
    wanted === undefined || field === ''
      ? `${subject} ${error.message}`
      : `${subject} must be ${wanted}`,
  );
}
