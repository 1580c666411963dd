/** The ways there are, by name. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_KERNEL } from '../../../src/names.js';
import type { Way } from '../way.js';
import { KernelWay } from './kernel.js';
import { KsmdWay } from './ksmd.js';
import { socketFiles } from './socket-files.js';
import { sysfsFiles } from './sysfs-files.js';

export const WAYS = ['kernel', 'socket', 'files'] as const;
export type WayName = (typeof WAYS)[number];

const DEFAULT_MEMORY_BYTES = 64 << 20;

export interface OpenOptions {
  /** What processes have together; on the running kernel as much as they like unless said. */
  readonly memoryBytes?: number | undefined;
  /** The kernel that ksmd follows. */
  readonly kernel?: string | undefined;
}

export async function openWay(
  name: WayName,
  { memoryBytes, kernel = DEFAULT_KERNEL }: OpenOptions = {},
): Promise<Way> {
  if (name === 'kernel') return KernelWay.open(memoryBytes);
  const bytes = memoryBytes ?? DEFAULT_MEMORY_BYTES;
  const options = ['--kernel', kernel];
  if (name === 'socket') return KsmdWay.open(bytes, options, socketFiles);
  const folder = mkdtempSync(join(tmpdir(), 'ksmd-suites-'));
  const sysfs = join(folder, 'sys');
  return KsmdWay.open(
    bytes,
    [...options, '--sysfs', sysfs, '--sysfs-as', 'mount'],
    () => sysfsFiles(sysfs),
    () => rmSync(folder, { recursive: true }),
  );
}
