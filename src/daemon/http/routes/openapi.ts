/** /v1/openapi.json, which the build has written (packaging/schemas/). */
import { readFile } from 'node:fs/promises';
import type { OPENAPI_ROUTES } from '../../../protocol/routes/openapi.js';
import { type Handlers, RenderedJson } from '../register.js';

/** From the sources as from what is built. */
const DOCUMENT = new URL('../../../../dist/openapi.json', import.meta.url);

export function openApiHandlers(): Handlers<typeof OPENAPI_ROUTES> {
  return { openapi: async () => new RenderedJson(await readFile(DOCUMENT, 'utf8')) };
}
