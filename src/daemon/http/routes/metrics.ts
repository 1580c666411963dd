/** /metrics: everything there is to count, for Prometheus. */
import type { METRICS_ROUTES } from '../../../protocol/routes/metrics.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

export function metricsHandlers({ metrics }: Context): Handlers<typeof METRICS_ROUTES> {
  return {
    metrics: async ({ headers }, reply) => {
      const { contentType, text } = await metrics.expose(headers.accept);
      reply.type(contentType);
      return text;
    },
  };
}
