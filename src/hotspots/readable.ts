/**
 * A profile of V8's as people can read it: every wasm function has a name, and a scanner that
 * sleeps is idle.
 *
 * The core has a name section, xxhash-wasm has none: V8 calls its functions by number, so they are
 * named after the function that called them. V8 knows of no sleep but its event loop's; the scanner
 * sleeps in Atomics.wait, which looks like work. The samples of such sleep go to an entry `(idle)`
 * below the root, where DevTools look for it. Everything else stays as V8 said it.
 */
import type { Profiler } from 'node:inspector';

const NUMBERED = /^wasm-function\[\d+\]$/;
const IDLE = '(idle)';

export function readable(profile: Profiler.Profile): Profiler.Profile {
  return withIdle({ ...profile, nodes: withNames(profile.nodes) });
}

function withNames(nodes: readonly Profiler.ProfileNode[]): Profiler.ProfileNode[] {
  const callers = new Map(
    nodes.flatMap((entry) => (entry.children ?? []).map((child) => [child, entry] as const)),
  );
  return nodes.map((entry) => {
    if (!NUMBERED.test(entry.callFrame.functionName)) return entry;
    let caller = callers.get(entry.id);
    while (caller !== undefined && NUMBERED.test(caller.callFrame.functionName))
      caller = callers.get(caller.id);
    return {
      ...entry,
      callFrame: {
        ...entry.callFrame,
        functionName: `${caller?.callFrame.functionName ?? '(unknown)'} (wasm)`,
      },
    };
  });
}

function withIdle(profile: Profiler.Profile): Profiler.Profile {
  const sleeping = new Set(profile.nodes.filter(isSleep).map(({ id }) => id));
  const [root, ...others] = profile.nodes;
  if (root === undefined || sleeping.size === 0) return profile;
  const id = Math.max(...profile.nodes.map((entry) => entry.id)) + 1;
  const samples = profile.samples?.map((sample) => (sleeping.has(sample) ? id : sample)) ?? [];
  const idle: Profiler.ProfileNode = {
    id,
    callFrame: { functionName: IDLE, scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 },
    hitCount: samples.filter((sample) => sample === id).length,
  };
  const awake = others.map((entry) =>
    sleeping.has(entry.id) ? { ...entry, hitCount: 0, positionTicks: [] } : entry,
  );
  return {
    ...profile,
    nodes: [{ ...root, children: [...(root.children ?? []), id] }, ...awake, idle],
    samples,
  };
}

/** `Safepoint.rest`, from the sources as from what is built of them. */
function isSleep({ callFrame: { functionName, url } }: Profiler.ProfileNode): boolean {
  return functionName === 'rest' && /\/machine\/safepoint\.[jt]s$/.test(url);
}

/** Whether a symbol stands for doing nothing. */
export function isIdle(symbol: string): boolean {
  return symbol === IDLE;
}
