/** The dashboard: a page for a browser, and the files it is made of. */
import { Type } from 'typebox';
import type { Routes } from '../route.js';

const FileParams = Type.Object({ '*': Type.String({ description: 'the name of a file' }) });

export const DASHBOARD_ROUTES = {
  dashboard: {
    method: 'GET',
    path: '/',
    summary: 'The dashboard, for a browser',
    overTcp: true,
    duringRestart: true,
    answers: { 200: { content: { 'text/html': { schema: Type.String() } } } },
  },
  dashboardFile: {
    method: 'GET',
    path: '/dashboard/*',
    summary: 'A file of the dashboard',
    overTcp: true,
    duringRestart: true,
    params: FileParams,
    answers: { 200: { content: { '*/*': { schema: Type.String() } } } },
  },
} as const satisfies Routes;
