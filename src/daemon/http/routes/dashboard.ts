/**
 * The dashboard's page and its files, as they lie in the package, and what counters and tunables
 * are, from their records. Nothing else of it can be asked for.
 *
 * Scripts, styles and data come from the daemon alone, and no other site may show the page within
 * its own.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KsmdError } from '../../../errors.js';
import { COUNTER_NAMES, COUNTERS } from '../../../ksm/records/counter-records.js';
import { TUNABLE_NAMES, tunableRecord } from '../../../ksm/records/tunable-records.js';
import { tunableValueNames } from '../../../ksm/tunables.js';
import type { DASHBOARD_ROUTES, Meaning, Meanings } from '../../../protocol/routes/dashboard.js';
import type { Handlers } from '../register.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const UPLOT = dirname(createRequire(import.meta.url).resolve('uplot'));

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** Modules of src/web, compiled, and what they load of src: in the folders that they lie in. */
const MODULES = [
  'hex',
  'names',
  'protocol/kept-samples',
  'protocol/run-lengths',
  'web/chart-marks',
  'web/chart-options',
  'web/charts',
  'web/elements',
  'web/feed',
  'web/figures',
  'web/guest-order',
  'web/guest-table',
  'web/heat-map/amounts',
  'web/heat-map/heat-canvas',
  'web/heat-map/heat-map',
  'web/heat-map/heat-map-data',
  'web/main',
  'web/map/arrangement',
  'web/map/carried-classes',
  'web/map/class-looks',
  'web/map/colour-modes',
  'web/map/explanation',
  'web/map/fitting-cell',
  'web/map/legend',
  'web/map/look',
  'web/map/map-canvas',
  'web/map/map-labels',
  'web/map/map-pointing',
  'web/map/map-view',
  'web/map/mirror',
  'web/map/page-sheet',
  'web/map/page-states',
  'web/map/state-colours',
  'web/opened-page',
  'web/prediction/chart',
  'web/prediction/charts',
  'web/prediction/checked-curves',
  'web/prediction/curves',
  'web/prediction/elapsed',
  'web/prediction/kinds-of-charts',
  'web/rest',
  'web/seldom',
  'web/sharing-card',
  'web/shortened-name',
  'web/staleness',
  'web/values-table',
  'web/verdict-tile',
  'web/wording',
  'wording/amounts',
  'wording/row',
  'wording/saved-by-guest',
  'wording/unmerged-rows',
  'wording/verdict',
];

const STYLES = [
  'style.css',
  'tiles.css',
  'charts.css',
  'values.css',
  'guests.css',
  'map/map.css',
  'map/legend.css',
  'map/page.css',
  'heat-map/heat-map.css',
  'prediction/curves.css',
];

const PAGE = { path: join(ROOT, 'src/web/index.html'), type: 'text/html; charset=utf-8' };
const FILES = new Map([
  ...MODULES.map(
    (name) => [`${name}.js`, { path: join(ROOT, 'dist', `${name}.js`), type: SCRIPT }] as const,
  ),
  ...STYLES.map((name) => [name, { path: join(ROOT, 'src/web', name), type: STYLE }] as const),
  ['icon.svg', { path: join(ROOT, 'src/web/icon.svg'), type: 'image/svg+xml' }],
  ['uPlot.js', { path: join(UPLOT, 'uPlot.iife.min.js'), type: SCRIPT }],
  ['uPlot.css', { path: join(UPLOT, 'uPlot.min.css'), type: STYLE }],
]);

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src " +
    "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // The daemon may be another version the next time.
  'cache-control': 'no-cache',
};

/** Where it is made and not read. */
const MEANINGS = 'meanings.json';

export function dashboardHandlers(): Handlers<typeof DASHBOARD_ROUTES> {
  return {
    dashboard: (_request, reply) => {
      reply.headers(HEADERS).type(PAGE.type);
      return readFile(PAGE.path);
    },
    dashboardFile: ({ params }, reply) => {
      if (params['*'] === MEANINGS) {
        reply.headers(HEADERS).type('application/json; charset=utf-8');
        return JSON.stringify(meanings());
      }
      const file = FILES.get(params['*']);
      if (file === undefined)
        throw new KsmdError('ENOENT', `the dashboard has no file '${params['*']}'`);
      reply.headers(HEADERS).type(file.type);
      return readFile(file.path);
    },
  };
}

function meanings(): Meanings {
  const counters = COUNTER_NAMES.map((name): readonly [string, Meaning] => {
    const { help, unit } = COUNTERS[name];
    return [name, { help, unit }];
  });
  const tunables = TUNABLE_NAMES.map((name): readonly [string, Meaning] => {
    const { help, unit, initial } = tunableRecord(name);
    const value = tunableValueNames(name)?.[initial] ?? initial;
    return [name, { help, ...(unit === undefined ? {} : { unit }), initial: value }];
  });
  return Object.fromEntries([...counters, ...tunables]);
}
