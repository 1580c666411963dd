/**
 * Writes the protocol as data into the built package: `tsx packaging/protocol/main.ts dist`.
 *
 * The daemon reads its routes' schemas and changes none. Made from typebox's builders at every
 * start they took a quarter of it, most of that for loading the hundreds of files that these are.
 * So their modules, under dist/protocol/, come to be what they export, and the OpenAPI document
 * lies there ready.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorAnswer } from '../../src/protocol/error-answer.js';
import { ROUTES } from '../../src/protocol/routes.js';
import { openApi } from './openapi.js';

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('which directory?');
const module = (name: string, value: object): string =>
  `export const ${name} = ${JSON.stringify(value, null, 1)};\n`;
writeFileSync(join(directory, 'protocol/routes.js'), module('ROUTES', ROUTES));
writeFileSync(join(directory, 'protocol/error-answer.js'), module('ErrorAnswer', ErrorAnswer));
writeFileSync(join(directory, 'openapi.json'), JSON.stringify(await openApi()));
