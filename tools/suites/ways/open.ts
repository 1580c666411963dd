/** The ways there are, by name. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Way } from '../way.js';
import { KernelWay } from './kernel.js';
import { KsmdWay } from './ksmd.js';
import { socketFiles } from './socket-files.js';
import { sysfsFiles } from './sysfs-files.js';

export const WAYS = ['kernel', 'socket', 'files'] as const;
export type WayName = (typeof WAYS)[number];

const DEFAULT_MEMORY_BYTES = 64 << 20;

/** Processes have `memoryBytes` together, on the running kernel only where that is said. */
export async function openWay(name: WayName, memoryBytes?: number): Promise<Way> {
  if (name === 'kernel') return KernelWay.open(memoryBytes);
  const bytes = memoryBytes ?? DEFAULT_MEMORY_BYTES;
  if (name === 'socket') return KsmdWay.open(bytes, [], socketFiles);
  const folder = mkdtempSync(join(tmpdir(), 'ksmd-suites-'));
  const sysfs = join(folder, 'sys');
  return KsmdWay.open(
    bytes,
    ['--sysfs', sysfs],
    () => sysfsFiles(sysfs),
    () => rmSync(folder, { recursive: true }),
  );
}
