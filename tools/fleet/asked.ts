/** `ksmd fleet`, run as people do: how long it has taken, and what memory it needed at most. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const KSMD = fileURLToPath(new URL('../../bin/ksmd.js', import.meta.url));
const LOOK_MS = 100;
const KIB = 1024;

export interface Asked {
  readonly stdout: string;
  readonly tookMs: number;
  readonly mostBytes: number;
}

export async function ask(...args: readonly string[]): Promise<Asked> {
  const from = performance.now();
  const child = spawn(process.execPath, [KSMD, 'fleet', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let mostBytes = 0;
  // The kernel keeps the peak: the last look before the end has it, as good as.
  const looking = setInterval(() => {
    mostBytes = Math.max(mostBytes, peakOf(child.pid));
  }, LOOK_MS);
  let stdout = '';
  child.stdout.on('data', (part) => {
    stdout += part;
  });
  const [status] = await once(child, 'close');
  clearInterval(looking);
  if (status !== 0) throw new Error(`ksmd fleet ${args[0]} has ended with ${status}`);
  return { stdout, tookMs: performance.now() - from, mostBytes };
}

function peakOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * KIB;
  } catch {
    // It has ended.
    return 0;
  }
}
