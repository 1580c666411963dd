/** Chromium, as the system has it, without a window. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Where it is; undefined if the system has none. KSMD_CHROMIUM names another. */
export function chromiumPath(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.KSMD_CHROMIUM) return env.KSMD_CHROMIUM;
  const folders = (env.PATH ?? '').split(delimiter);
  return folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

export async function launchChromium(executablePath: string): Promise<Browser> {
  // Loaded when it is needed: it is large.
  const { chromium } = await import('playwright-core');
  // In containers there is no sandbox to be had, and the only page that is opened is our own.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
