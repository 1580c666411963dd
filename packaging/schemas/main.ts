/**
 * Writes schemas as data into the built package: `tsx packaging/schemas/main.ts dist`.
 *
 * Who checks something by a schema reads it and changes nothing. Made from typebox's builders at
 * every start, the daemon's took a quarter of that, most of it for loading the hundreds of files
 * that these are. So modules of schemas come to be what they export, under dist/, and the OpenAPI
 * document lies there ready.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asModule, MODULES } from './modules.js';
import { openApi } from './openapi.js';

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('which directory?');
for (const [name, exported] of Object.entries(MODULES))
  writeFileSync(join(directory, `${name}.js`), asModule(exported));
writeFileSync(join(directory, 'openapi.json'), JSON.stringify(openApi()));
