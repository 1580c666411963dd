/** /metrics: everything there is to count, for Prometheus. */
import { Type } from 'typebox';
import { type Api, type Context, route } from '../context.js';

const Text = {
  description: 'the text format of Prometheus, or OpenMetrics where the Accept header names it',
  content: {
    'text/plain': { schema: Type.String() },
    'application/openmetrics-text': { schema: Type.String() },
  },
};

export function metricsRoutes(api: Api, { metrics }: Context): void {
  api.route({
    ...route('metrics', {}, { 200: Text }),
    handler: async ({ headers }, reply) => {
      const { contentType, text } = await metrics.expose(headers.accept);
      reply.type(contentType);
      return text;
    },
  });
}
