/**
 * The scanner's steps during one visit of a page: checksum, zero page, stable tree, unstable tree
 * (which holds one page here), and the three merges.
 */
import {
  COUNT,
  DIRTY,
  FRAME,
  frame,
  freeNode,
  HOLDER,
  KSM,
  MINE,
  type Moment,
  NODE,
  nextNode,
  OVER,
  PRESENT,
  type Program,
  pte,
  STABLE,
  type State,
  SUM,
  sum,
  UNSTABLE,
  WRITABLE,
  ZERO,
} from './protocol.js';
import { compareSteps, putSteps, release } from './protocol-steps.js';

// What the scanner remembers during a visit: the page's frame, the twin and its frame, the stable
// node and its frame, and one thing it found out.
const OWN = MINE;
const TWIN = MINE + 1;
const TWIN_FRAME = MINE + 2;
const FOUND = MINE + 3;
const FLAG = MINE + 4;

const ownFrame = ({ state, me }: Moment): number => state[me + OWN];
const twinPage = ({ state, me }: Moment): number => state[me + TWIN];
const ksmFrame = ({ state, me }: Moment): number => state[NODE + state[me + FOUND]];
const withKsm = (m: Moment): [number, number] => [ownFrame(m), ksmFrame(m)];
const withTwin = (m: Moment): [number, number] => [ownFrame(m), m.state[m.me + TWIN_FRAME]];
const withZero = (m: Moment): [number, number] => [ownFrame(m), 0];

/** Taking a lock if nobody has it. */
function tryLock(which: (m: Moment) => number, taken: string, busy: string): Program[string] {
  return {
    mirrors: 'memory/pte.ts pteTryTake',
    run: (m) => {
      if (m.state[pte(which(m)) + HOLDER] !== 0) return busy;
      m.state[pte(which(m)) + HOLDER] = m.holder;
      return taken;
    },
  };
}

/** Under the lock: does the page still map the frame that the search saw? */
function stillMaps(
  which: (m: Moment) => number,
  seen: (m: Moment) => number,
  next: string,
  gone: string,
): Program[string] {
  return {
    mirrors: 'memory/pte.ts pteTryTakeMapping',
    run: (m) => {
      const at = pte(which(m));
      return m.state[at + PRESENT] !== 0 && m.state[at + FRAME] === seen(m) ? next : gone;
    },
  };
}

function letGo(which: (m: Moment) => number, next: string): Program[string] {
  return {
    mirrors: 'memory/pte.ts pteRelease',
    run: (m) => {
      release(m.state, which(m));
      return next;
    },
  };
}

const page = (m: Moment): number => m.page;
const isDirty = (state: State, p: number): boolean => state[pte(p) + DIRTY] !== 0;

function chooseNode(m: Moment): string {
  m.state[m.me + FOUND] = nextNode(m.state, m.state[m.me + FOUND]);
  return m.state[m.me + FOUND] === 0 ? 'unstable' : 'compare with node';
}

export const SCANNER_STEPS: Program = {
  visit: {
    mirrors: 'scan/walk.ts walk',
    run: ({ state, page }) => {
      if (state[UNSTABLE] === page + 1) state[UNSTABLE] = 0;
      return state[pte(page) + PRESENT] !== 0 ? 'frame' : OVER;
    },
  },
  frame: {
    mirrors: 'scan/visit.ts visit',
    run: ({ state, me, page }) => {
      state[me + OWN] = state[pte(page) + FRAME];
      return 'merged already?';
    },
  },
  'merged already?': {
    mirrors: 'memory/references.ts stableNodeOf',
    run: (m) => (m.state[frame(ownFrame(m)) + STABLE] !== 0 ? OVER : 'dirty?'),
  },
  'dirty?': {
    mirrors: 'scan/visit.ts hasChanged',
    run: (m) => (isDirty(m.state, m.page) ? 'lock to see' : 'same'),
  },
  'lock to see': tryLock(page, 'checksum', OVER),
  checksum: {
    mirrors: 'scan/visit.ts hasChanged',
    run: (m) => {
      const now = sum(m.state, m.state[pte(m.page) + FRAME]);
      m.state[m.me + FLAG] =
        now === m.state[SUM + m.page] && m.state[pte(m.page) + FRAME] === ownFrame(m) ? 1 : 0;
      m.state[SUM + m.page] = now;
      return 'clean';
    },
  },
  clean: {
    mirrors: 'scan/visit.ts hasChanged',
    run: (m) => {
      release(m.state, m.page, { [DIRTY]: 0 });
      return m.state[m.me + FLAG] !== 0 ? 'same' : OVER;
    },
  },
  same: {
    mirrors: 'scan/visit.ts mergesWithZeroPage',
    run: (m) => (m.scenario.zeroPages ? 'zero: lock' : chooseNode(m)),
  },

  'zero: lock': tryLock(page, 'zero: still there?', 'to stable tree'),
  'zero: still there?': stillMaps(page, ownFrame, 'zero: compare', 'zero: give up'),
  ...compareSteps(
    'zero: compare',
    'scan/merge.ts mergeIntoZeroPage',
    withZero,
    'zero: unmap',
    'zero: give up',
  ),
  'zero: unmap': {
    mirrors: 'memory/mappings.ts unmapFrame',
    run: ({ state, page }) => {
      state[pte(page) + FRAME] = 0;
      return 'zero: put';
    },
  },
  ...putSteps('zero: put', OWN, 'zero: release'),
  'zero: release': {
    mirrors: 'scan/merge.ts mergeIntoZeroPage',
    run: ({ state, page }) => {
      release(state, page, { [PRESENT]: 0, [WRITABLE]: 0, [DIRTY]: 0, [ZERO]: 1 });
      return OVER;
    },
  },
  'zero: give up': letGo(page, 'to stable tree'),
  'to stable tree': { mirrors: 'trees/stable-tree.ts stableFind', run: chooseNode },

  ...compareSteps(
    'compare with node',
    'trees/stable-tree.ts stableFind',
    withKsm,
    'node current?',
    'to stable tree',
  ),
  'node current?': {
    mirrors: 'trees/stable-nodes.ts isCurrent',
    run: (m) => {
      if (m.state[frame(ksmFrame(m)) + STABLE] === m.state[m.me + FOUND]) return 'stable: get';
      m.state[NODE + m.state[m.me + FOUND]] = 0;
      return 'to stable tree';
    },
  },
  'stable: get': {
    mirrors: 'memory/references.ts frameGet',
    run: (m) => {
      const f = frame(ksmFrame(m));
      if (m.state[f + COUNT] === 0) return OVER;
      m.state[f + COUNT]++;
      m.state[m.me + TWIN_FRAME] = ksmFrame(m);
      return 'stable: node still?';
    },
  },
  'stable: node still?': {
    mirrors: 'scan/merge.ts mergeIntoStable',
    run: (m) =>
      m.state[frame(ksmFrame(m)) + STABLE] === m.state[m.me + FOUND]
        ? 'stable: lock'
        : 'stable: put node',
  },
  'stable: lock': tryLock(page, 'stable: still there?', 'stable: put node'),
  'stable: still there?': stillMaps(page, ownFrame, 'stable: dirty?', 'stable: give up'),
  'stable: dirty?': {
    mirrors: 'scan/merge.ts mergeIntoStable',
    run: (m) => (isDirty(m.state, m.page) ? 'stable: compare' : 'stable: name'),
  },
  ...compareSteps(
    'stable: compare',
    'scan/merge.ts mergeIntoStable',
    withKsm,
    'stable: name',
    'stable: give up',
  ),
  'stable: name': {
    mirrors: 'scan/merge.ts mergeIntoStable',
    run: (m) => {
      m.state[pte(m.page) + FRAME] = ksmFrame(m);
      return 'stable: release';
    },
  },
  'stable: release': {
    mirrors: 'scan/merge.ts mergeIntoStable',
    run: (m) => {
      release(m.state, m.page, { [WRITABLE]: 0 });
      return 'stable: put own';
    },
  },
  ...putSteps('stable: put own', OWN, OVER),
  'stable: give up': letGo(page, 'stable: put node'),
  ...putSteps('stable: put node', TWIN_FRAME, OVER),

  unstable: {
    mirrors: 'trees/unstable-tree.ts unstableFindOrInsert',
    run: ({ state, me, page }) => {
      if (state[UNSTABLE] === 0) {
        state[UNSTABLE] = page + 1;
        return OVER;
      }
      state[me + TWIN] = state[UNSTABLE] - 1;
      const at = pte(state[me + TWIN]);
      // Trusted: neither dirty nor held.
      state[me + FLAG] = state[at + DIRTY] === 0 && state[at + HOLDER] === 0 ? 1 : 0;
      return state[at + PRESENT] !== 0 ? 'twin: frame' : OVER;
    },
  },
  'twin: frame': {
    mirrors: 'trees/unstable-tree.ts unstableFindOrInsert',
    run: (m) => {
      m.state[m.me + TWIN_FRAME] = m.state[pte(twinPage(m)) + FRAME];
      return m.state[m.me + TWIN_FRAME] === ownFrame(m) ? OVER : 'compare with twin';
    },
  },
  ...compareSteps(
    'compare with twin',
    'trees/unstable-tree.ts unstableFindOrInsert',
    withTwin,
    'prove',
    OVER,
  ),
  prove: {
    mirrors: 'trees/unstable-search.ts prove',
    run: (m) => {
      const at = pte(twinPage(m));
      // A twin that was not trusted bounds nothing, and proves nothing false.
      if (m.state[m.me + FLAG] !== 0 && (m.state[at + DIRTY] !== 0 || m.state[at + HOLDER] !== 0))
        m.state[m.me + FLAG] = 0;
      else m.state[m.me + FLAG] = 1;
      return 'twins: frame';
    },
  },
  'twins: frame': {
    mirrors: 'scan/visit.ts joinTwins',
    run: (m) => {
      m.state[m.me + TWIN_FRAME] = m.state[pte(twinPage(m)) + FRAME];
      return 'twins: lock';
    },
  },
  'twins: lock': tryLock(page, 'twins: still there?', OVER),
  'twins: still there?': stillMaps(page, ownFrame, 'twins: lock twin', 'twins: let go'),
  'twins: lock twin': tryLock(twinPage, 'twins: twin still there?', 'twins: let go'),
  'twins: twin still there?': stillMaps(
    twinPage,
    (m) => m.state[m.me + TWIN_FRAME],
    'twins: known?',
    'twins: let go of twin',
  ),
  'twins: known?': {
    mirrors: 'scan/merge.ts mergeTwins',
    run: (m) =>
      m.state[m.me + FLAG] !== 0 && !isDirty(m.state, m.page) && !isDirty(m.state, twinPage(m))
        ? 'twins: get'
        : 'twins: compare',
  },
  ...compareSteps(
    'twins: compare',
    'scan/merge.ts mergeTwins',
    withTwin,
    'twins: get',
    'twins: let go of twin',
  ),
  'twins: get': {
    mirrors: 'memory/references.ts frameGet',
    run: (m) => {
      m.state[frame(ownFrame(m)) + COUNT]++;
      return 'twins: get again';
    },
  },
  'twins: get again': {
    mirrors: 'memory/references.ts frameGet',
    run: (m) => {
      m.state[frame(ownFrame(m)) + COUNT]++;
      return 'twins: mark';
    },
  },
  'twins: mark': {
    mirrors: 'memory/references.ts setKsmPage',
    run: (m) => {
      m.state[frame(ownFrame(m)) + KSM] = 1;
      return 'twins: name';
    },
  },
  'twins: name': {
    mirrors: 'scan/merge.ts mergeTwins',
    run: (m) => {
      m.state[pte(twinPage(m)) + FRAME] = ownFrame(m);
      return 'twins: release twin';
    },
  },
  'twins: release twin': {
    mirrors: 'scan/merge.ts mergeTwins',
    run: (m) => {
      release(m.state, twinPage(m), { [WRITABLE]: 0 });
      return 'twins: release';
    },
  },
  'twins: release': {
    mirrors: 'scan/merge.ts mergeTwins',
    run: (m) => {
      release(m.state, m.page, { [WRITABLE]: 0 });
      return 'twins: put twin’s';
    },
  },
  ...putSteps('twins: put twin’s', TWIN_FRAME, 'twins: node'),
  'twins: node': {
    mirrors: 'memory/references.ts setStableNode',
    run: (m) => {
      const node = freeNode(m.state);
      m.state[NODE + node] = ownFrame(m);
      m.state[frame(ownFrame(m)) + STABLE] = node;
      m.state[UNSTABLE] = 0;
      return 'twins: put';
    },
  },
  ...putSteps('twins: put', OWN, OVER),
  'twins: let go of twin': letGo(twinPage, 'twins: let go'),
  'twins: let go': letGo(page, OVER),
};
