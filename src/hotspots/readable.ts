/**
 * A profile of V8's as people can read it: every wasm function has a name, and a scanner that
 * sleeps is idle.
 *
 * The core has a name section, xxhash-wasm has none: V8 calls its functions by number, so they are
 * named after the function that called them. V8 knows of no sleep but its event loop's; the scanner
 * sleeps in Atomics.wait, which looks like work. The samples of such sleep go to a node `(idle)`
 * below the root, where DevTools look for it. Everything else stays as V8 said it.
 */
import type { Profiler } from 'node:inspector';

type Node = Profiler.ProfileNode;

const NUMBERED = /^wasm-function\[\d+\]$/;
const IDLE = '(idle)';

export function readable(profile: Profiler.Profile): Profiler.Profile {
  return withIdle({ ...profile, nodes: withNames(profile.nodes) });
}

function withNames(nodes: readonly Node[]): Node[] {
  const callers = new Map(
    nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)),
  );
  return nodes.map((node) => {
    if (!NUMBERED.test(node.callFrame.functionName)) return node;
    let caller = callers.get(node.id);
    while (caller !== undefined && NUMBERED.test(caller.callFrame.functionName))
      caller = callers.get(caller.id);
    return {
      ...node,
      callFrame: {
        ...node.callFrame,
        functionName: `${caller?.callFrame.functionName ?? '(unknown)'} (wasm)`,
      },
    };
  });
}

function withIdle(profile: Profiler.Profile): Profiler.Profile {
  const sleeping = new Set(profile.nodes.filter(isSleep).map(({ id }) => id));
  const [root, ...others] = profile.nodes;
  if (root === undefined || sleeping.size === 0) return profile;
  const id = Math.max(...profile.nodes.map((node) => node.id)) + 1;
  const samples = profile.samples?.map((sample) => (sleeping.has(sample) ? id : sample)) ?? [];
  const idle: Node = {
    id,
    callFrame: { functionName: IDLE, scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 },
    hitCount: samples.filter((sample) => sample === id).length,
  };
  const awake = others.map((node) =>
    sleeping.has(node.id) ? { ...node, hitCount: 0, positionTicks: [] } : node,
  );
  return {
    ...profile,
    nodes: [{ ...root, children: [...(root.children ?? []), id] }, ...awake, idle],
    samples,
  };
}

/** `Safepoint.rest`, from the sources as from what is built of them. */
function isSleep({ callFrame: { functionName, url } }: Node): boolean {
  return functionName === 'rest' && /\/machine\/safepoint\.[jt]s$/.test(url);
}

/** Whether a symbol stands for doing nothing. */
export function isIdle(symbol: string): boolean {
  return symbol === IDLE;
}
