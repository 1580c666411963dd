/** The dashboard: a page for a browser, and the files it is made of. */
import { Type } from 'typebox';
import type { Routes } from '../route.js';

const FileParams = Type.Object({ '*': Type.String({ description: 'the name of a file' }) });

/** What a counter or tunable is, for the page to say. */
export interface Meaning {
  readonly help: string;
  /** Absent where the values are states. */
  readonly unit?: string;
  /** A tunable's default. */
  readonly initial?: number | string;
}

/** By sysfs name: /dashboard/meanings.json. */
export type Meanings = Readonly<Record<string, Meaning>>;

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
