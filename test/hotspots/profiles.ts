/**
 * Profiles written by hand: a node a line, by number, function, module and what it calls; samples
 * as node numbers, one a millisecond.
 */
import type { Profiler } from 'node:inspector';

type Line = readonly [id: number, functionName: string, url: string, children?: readonly number[]];

export function profileOf(lines: readonly Line[], samples: readonly number[]): Profiler.Profile {
  const nodes = lines.map(([id, functionName, url, children = []]) => ({
    id,
    callFrame: {
      functionName,
      scriptId: url === '' ? '0' : '7',
      url,
      lineNumber: 0,
      columnNumber: 0,
    },
    hitCount: samples.filter((sample) => sample === id).length,
    children: [...children],
  }));
  return {
    nodes,
    startTime: 5_000_000,
    endTime: 5_000_000 + samples.length * 1000,
    samples: [...samples],
    timeDeltas: samples.map(() => 1000),
  };
}
