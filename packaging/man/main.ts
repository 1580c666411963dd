/**
 * Writes the manual's pages into a directory: `tsx packaging/man/main.ts dist/man`.
 *
 * A part of the build rather than of the repository: so the pages that are installed are always
 * those of the commands that are installed with them, and nobody has to be held to keeping two
 * texts the same. SOURCE_DATE_EPOCH sets their date, for builds that have to come out the same.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manual } from './page.js';

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('which directory?');
const { SOURCE_DATE_EPOCH } = process.env;
const date =
  SOURCE_DATE_EPOCH === undefined ? new Date() : new Date(Number(SOURCE_DATE_EPOCH) * 1000);
// A page of a command that is gone must not stay.
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
for (const { file, roff } of manual(date.toISOString().slice(0, 10)))
  writeFileSync(join(directory, file), roff);
