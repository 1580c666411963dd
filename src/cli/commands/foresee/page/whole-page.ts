/**
 * A page that needs nothing else: styles, script and data are in it, and its policy lets a browser
 * run these alone and ask nobody for anything. The same parts give the same page, byte for byte.
 *
 * Its files are src/web/NAME/: the page as it lies there, script and styles as the build has
 * bundled them.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { html, type Markup } from './markup.js';

const ROOT = new URL('../../../../../', import.meta.url);
const PLACE = /\{\{(\w+)\}\}/g;

/** `data`: for the script, as JSON; `parts`: what stands in the page in their places. */
export async function wholePage(
  name: 'prediction' | 'shared',
  data: object,
  parts: Readonly<Record<string, Markup>>,
): Promise<string> {
  const read = (path: string): Promise<string> => readFile(new URL(path, ROOT), 'utf8');
  const [page, style, script] = await Promise.all([
    read(`src/web/${name}/page.html`),
    read(`dist/pages/${name}/page.css`),
    read(`dist/pages/${name}/main.js`),
  ]);
  const all: Readonly<Record<string, string | Markup>> = {
    ...parts,
    policy:
      `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; ` +
      "base-uri 'none'; form-action 'none'",
    style: `<style>${style}</style>`,
    // No text of it can end its element.
    data: `<script type="application/json" id="data">${JSON.stringify(data).replaceAll(
      '<',
      '\\u003c',
    )}</script>`,
    script: `<script>${script}</script>`,
  };
  return page.replace(PLACE, (_place, place: string) => {
    const part = all[place];
    if (part === undefined) throw new RangeError(`nothing for '${place}'`);
    return typeof part === 'string' ? part : part.source;
  });
}

export function list(sentences: readonly string[]): Markup {
  return html`<ul>${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`;
}

function hashOf(source: string): string {
  return `'sha256-${createHash('sha256').update(source).digest('base64')}'`;
}
