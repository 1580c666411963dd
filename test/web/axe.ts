/** What axe-core finds wrong with a page, also with one that lets nothing be loaded into it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** `within`: a selector of the part that is looked at. */
export async function violations(page: Page, within = 'html'): Promise<string[]> {
  return (await found(page, within)).map(worded);
}

export async function seriousViolations(page: Page): Promise<string[]> {
  const all = await found(page, 'html');
  return all.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(worded);
}

async function found(page: Page, within: string): Promise<readonly Violation[]> {
  await page.evaluate(AXE);
  return page.evaluate(async (part) => {
    const { axe: checker } = globalThis as unknown as {
      axe: { run(part: string): Promise<{ violations: Violation[] }> };
    };
    return (await checker.run(part)).violations.map(({ id, impact, nodes }) => ({
      ...{ id, impact, nodes: nodes.map(({ html }) => ({ html })) },
    }));
  }, within);
}

function worded({ id, nodes }: Violation): string {
  return `${id}: ${nodes.map(({ html }) => html).join(' ')}`;
}
