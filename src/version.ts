/** The version that package.json gives. */
import { readFileSync } from 'node:fs';

// One level up from here is the package, from src/ as from dist/.
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export const VERSION = manifest.version;
