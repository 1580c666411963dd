/** The demo's screens at several widths, and what it says as pages come from stage to stage. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type Scene, STAGES, type Stage } from '../../../src/cli/demo/demo-play.js';
import { closing, lastLines, liveLines } from '../../../src/cli/demo/demo-screen.js';
import type { Status } from '../../../src/protocol/routes/status.js';

const SCREENS = new URL('../../fixtures/screens/', import.meta.url);
const WIDTHS = [40, 60, 80, 200];
const MIB = 2 ** 20;
const PAGE = 4096;
const PAGES = 1024;

function statusOf(mergedPages: number): Status {
  const bytes = mergedPages * PAGE;
  return {
    version: '0.1.0',
    pid: 4711,
    uptimeMs: 4000,
    kernel: '6.18',
    pageSize: PAGE,
    memory: {
      totalBytes: 12 * MIB,
      usedBytes: 8 * MIB - bytes,
      freeBytes: 4 * MIB + bytes,
      failedStores: 0,
    },
    guests: 2,
    registeredPages: 2 * PAGES,
    presentPages: 2 * PAGES,
    zeroPages: 0,
    hugePages: 0,
    cpus: 2,
    workloads: { running: 0, waiting: 0, cpuMs: 0 },
    totals: {
      pagesScanned: 3000,
      merges: 2 * mergedPages,
      cowBreaks: 0,
      splits: 0,
      collapses: 0,
      splitZeroPages: 0,
    },
    scanner: {
      state: 'running',
      cpuMs: 190,
      kernelCpuMs: 80,
      prices: { measuredOn: 'here', areDefault: false },
    },
    counters: { full_scans: 3, pages_sharing: mergedPages },
    saved: {
      pages: mergedPages,
      bytes,
      bookkeepingBytes: 2 * PAGES * 64,
      netBytes: bytes - 2 * PAGES * 64,
      share: mergedPages / (2 * PAGES),
      forkSharedPages: 0,
      forkSharedAgeMs: 0,
    },
  };
}

/** Of a guest: so many pages of each stage, one after another. */
function pages(...parts: readonly (readonly [Stage, number])[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap(([stage, count]) => Array.from({ length: count }, () => STAGES.indexOf(stage))),
  );
}

const SCENES: Readonly<Record<string, Scene>> = {
  writing: {
    phase: 'writing',
    phaseMs: 300,
    doneBytes: 3 * MIB,
    status: statusOf(0),
    pages: [pages(['written', 768], ['untouched', 256]), pages(['untouched', PAGES])],
  },
  noting: {
    phase: 'merging',
    phaseMs: 1200,
    doneBytes: 0,
    status: statusOf(0),
    pages: [pages(['noted', PAGES]), pages(['noted', 300], ['written', 724])],
  },
  merging: {
    phase: 'merging',
    phaseMs: 5500,
    doneBytes: 0,
    status: statusOf(512),
    pages: [pages(['merged', 512], ['in the tree', 512]), pages(['merged', 512], ['noted', 512])],
  },
  done: {
    phase: 'done',
    phaseMs: 0,
    doneBytes: 0,
    status: statusOf(PAGES),
    pages: [pages(['merged', PAGES]), pages(['merged', PAGES])],
  },
};

function sceneOf(name: string): Scene {
  const scene = SCENES[name];
  if (scene === undefined) throw new Error(`no scene ${name}`);
  return scene;
}

function plain(lines: readonly string[]): string[] {
  return lines.map((line) => stripVTControlCharacters(line));
}

describe.each(WIDTHS)('at %i columns', (columns) => {
  const room = { columns, rows: 24 };

  test.each(['writing', 'noting', 'merging'])('%s: as it is kept, on one screen', async (name) => {
    const lines = plain(liveLines(sceneOf(name), 4200, room));
    expect(lines.length).toBeLessThanOrEqual(room.rows);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    const kept = new URL(`demo-${name}-${columns}.txt`, SCREENS).pathname;
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(kept);
  });

  test('what stays: as it is kept, with what to try next', async () => {
    const lines = plain(lastLines(sceneOf('done'), 8000, room));
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(lines.join('\n')).toContain('To try next:\n  ksmd ');
    const kept = new URL(`demo-done-${columns}.txt`, SCREENS).pathname;
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(kept);
  });

  test('there is a sentence before there is a daemon', () => {
    expect(plain(liveLines(undefined, 0, room)).join(' ')).toContain('A daemon starts');
  });
});

test('what is below the sentence stays where it is, whatever the sentence', () => {
  const heights = ['writing', 'noting', 'merging'].map(
    (name) => liveLines(sceneOf(name), 0, { columns: 40, rows: 24 }).length,
  );
  expect(new Set(heights).size).toBe(1);
});

test('a sign stands for what most of its pages have come to', () => {
  const scene = {
    ...sceneOf('noting'),
    pages: [pages(['merged', 700], ['written', 324]), pages()],
  };
  const strip = plain(liveLines(scene, 0, { columns: 39, rows: 1 })).find((line) =>
    line.startsWith('alice'),
  );
  expect(strip).toBe(`alice  ${'█'.repeat(22)}${'░'.repeat(10)}`);
});

test.each([
  [12, ['Pages of bob', 'alice', 'bob', 'memory', 'saved']],
  [9, ['alice', 'bob', 'memory', 'saved']],
])('a screen of %i rows and 40 columns has what is saved', (rows, told) => {
  const lines = plain(liveLines(sceneOf('merging'), 0, { columns: 40, rows }));
  expect(lines.length).toBeLessThanOrEqual(rows);
  for (const each of told) expect(lines.some((line) => line.startsWith(each))).toBe(true);
});

test('no command to try next is cut', () => {
  const lines = plain(lastLines(sceneOf('done'), 0, { columns: 30, rows: 24 }, 'node bin/ksmd.js'));
  expect(lines).toContain('  node bin/ksmd.js start --http 127.0.0.1:7070');
});

test('what it took is that until all had merged, though the scanner goes on', () => {
  const scene = sceneOf('done');
  const merged: Status = {
    ...scene.status,
    scanner: { ...scene.status.scanner, cpuMs: 120, fullScanShare: 0.4 },
    counters: { ...scene.status.counters, full_scans: 2 },
  };
  expect(closing({ ...scene, merged }).at(-1)).toBe(
    'All had merged in full scan 3, after 120 ms of processor time.',
  );
});
