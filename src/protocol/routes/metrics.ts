/** /metrics: everything there is to count. */
import { Type } from 'typebox';
import type { Routes } from '../route.js';

const MetricsText = {
  description: 'the text format of Prometheus, or OpenMetrics where the Accept header names it',
  content: {
    'text/plain': { schema: Type.String() },
    'application/openmetrics-text': { schema: Type.String() },
  },
};

export const METRICS_ROUTES = {
  metrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Everything there is to count, for Prometheus',
    description: 'node_exporter’s names where it has one.',
    overTcp: true,
    duringRestart: true,
    answers: { 200: MetricsText },
  },
} as const satisfies Routes;
