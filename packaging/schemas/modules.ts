/** The modules that export schemas and other data, and no function. */

import * as prices from '../../src/prices/schemas.js';
import * as errorAnswer from '../../src/protocol/error-answer.js';
import * as routes from '../../src/protocol/routes.js';
import * as recording from '../../src/recording/schemas.js';
import * as snapshotHeader from '../../src/snapshot/header-schema.js';

/** What each exports, by its name in src/ and in dist/. */
export const MODULES: Readonly<Record<string, object>> = {
  'protocol/error-answer': errorAnswer,
  'protocol/routes': routes,
  'prices/schemas': prices,
  'recording/schemas': recording,
  'snapshot/header-schema': snapshotHeader,
};

/** A module of the same exports. */
export function asModule(exported: object): string {
  return Object.entries(exported)
    .map(([name, value]) => `export const ${name} = ${JSON.stringify(value, null, 1)};\n`)
    .join('');
}
