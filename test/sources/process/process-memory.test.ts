/** A live process's memory that is gone over bit by bit, and the process that ends meanwhile. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { PageTable } from '../../../src/sources/process/page-table.js';
import { ProcessMemory } from '../../../src/sources/process/process-memory.js';

const PROGRAM = fileURLToPath(
  new URL('../../cli/commands/guests/process-at-work.mjs', import.meta.url),
);
const PAGE = 4096;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function start(...commands: string[]): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, ...commands], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = await once(child.stdout, 'data');
  return Number(line);
}

async function presentPages(memory: ProcessMemory): Promise<number> {
  let bytes = 0;
  for (const counted of memory.mappings)
    for await (const { length } of memory.spans(counted)) bytes += length;
  return bytes / PAGE;
}

/** It has ended, with all its threads, and its parent does not know it yet. */
function end(pid: number): void {
  process.kill(pid, 'SIGKILL');
  while (!/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1')));
  while (readdirSync(`/proc/${pid}/task`).length > 1);
}

test('two memories that are gone over at once do not take each other’s room', async () => {
  const pids = [await start('advised=1024'), await start('advised=512')];
  const memories = await Promise.all(pids.map((pid) => ProcessMemory.open(pid, 'advised')));
  try {
    const alone = [];
    for (const memory of memories) alone.push(await presentPages(memory));
    expect(alone).toEqual([1024, 512]);
    expect(await Promise.all(memories.map(presentPages))).toEqual(alone);
  } finally {
    for (const memory of memories) await memory.close();
  }
});

test('a process that has ended is not one that has no pages any more', async () => {
  const pid = await start('advised=512');
  const memory = await ProcessMemory.open(pid, 'advised');
  try {
    expect(await presentPages(memory)).toBe(512);
    memory.assertThere();
    end(pid);
    expect(() => memory.assertThere()).toThrow(expect.objectContaining({ code: 'ESRCH' }));
    const gone = presentPages(memory).then(() => memory.assertThere());
    await expect(gone).rejects.toMatchObject({ code: 'ESRCH' });
  } finally {
    await memory.close();
  }
});

test('each of many mappings is counted a few times, however many there are', async () => {
  const readBytes = vi.spyOn(PageTable.prototype, 'readBytes');
  const memory = await ProcessMemory.open(await start('many=1000'), 'all');
  try {
    expect(await presentPages(memory)).toBeGreaterThan(2000);
    expect(memory.mappings.length).toBeGreaterThan(2000);
    expect(readBytes.mock.calls.length).toBeLessThanOrEqual(3 * memory.mappings.length);
  } finally {
    readBytes.mockRestore();
    await memory.close();
  }
});
