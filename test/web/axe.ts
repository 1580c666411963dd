/** What axe-core finds wrong with a page, also with one that lets nothing be loaded into it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** However little serious. `within`: a selector of the part that is looked at. */
export async function violations(page: Page, within = 'html'): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async (part) => {
    const { axe: checker } = globalThis as unknown as {
      axe: { run(part: string, options: object): Promise<{ violations: Violation[] }> };
    };
    return (await checker.run(part, { resultTypes: ['violations'] })).violations.map(
      ({ id, nodes }) => ({
        ...{ id, nodes: nodes.map(({ html }) => ({ html })) },
      }),
    );
  }, within);
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
