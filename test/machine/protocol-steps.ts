/**
 * The steps of guests, in the order in which PageAccess takes them; and what the scanner's have in
 * common with them.
 */
import {
  assertThat,
  COUNT,
  DIRTY,
  FRAME,
  FREE,
  frame,
  freeFrame,
  HOLDER,
  KSM,
  MINE,
  type Moment,
  OVER,
  PRESENT,
  type Program,
  pte,
  STABLE,
  type State,
  truth,
  WAIT,
  WRITABLE,
  ZERO,
} from './protocol.js';

// What a writer remembers while it stores.
const NEW = MINE;
const OLD = MINE + 1;
export const IN_PLACE = MINE + 2;
// What the reader has read.
const READ = MINE;

export function release(
  state: State,
  page: number,
  changes: Partial<Record<number, number>> = {},
): void {
  for (const [field, value] of Object.entries(changes))
    state[pte(page) + Number(field)] = value ?? 0;
  state[pte(page) + HOLDER] = 0;
}

function differs(state: State, a: number, b: number, half: number): boolean {
  return state[frame(a) + half] !== state[frame(b) + half];
}

/**
 * Dropping a reference to the frame remembered in `register`: the last one forgets the stable node,
 * then frees.
 */
export function putSteps(name: string, register: number, next: string): Program {
  return {
    [name]: {
      mirrors: 'memory/references.ts framePut',
      run: ({ state, me }) =>
        --state[frame(state[me + register]) + COUNT] === 0 ? `${name}, forget node` : next,
    },
    [`${name}, forget node`]: {
      mirrors: 'memory/references.ts framePut',
      run: ({ state, me }) => {
        state[frame(state[me + register]) + STABLE] = 0;
        return `${name}, free`;
      },
    },
    [`${name}, free`]: {
      mirrors: 'memory/references.ts framePut',
      run: ({ state, me }) => {
        state[frame(state[me + register]) + FREE] = 1;
        return next;
      },
    },
  };
}

/** Comparing two frames, half by half. */
export function compareSteps(
  name: string,
  mirrors: string,
  frames: (moment: Moment) => [number, number],
  equal: string,
  different: string,
): Program {
  return {
    [name]: {
      mirrors,
      run: (m) => (differs(m.state, ...frames(m), 0) ? different : `${name}, high`),
    },
    [`${name}, high`]: {
      mirrors,
      run: (m) => (differs(m.state, ...frames(m), 1) ? different : equal),
    },
  };
}

function copyHalf(half: number): Program[string]['run'] {
  return ({ state, me, page }) => {
    const from = frame(state[pte(page) + PRESENT] !== 0 ? state[pte(page) + FRAME] : 0);
    state[frame(state[me + NEW]) + half] = state[from + half];
    return half === 0 ? 'copy, high' : 'put';
  };
}

function putHalf(half: 0 | 1): Program[string]['run'] {
  return ({ state, me, store }) => {
    const value = half === 0 ? store.low : store.high;
    if (value !== undefined) state[frame(state[me + NEW]) + half] = value;
    if (half === 0) return 'put, high';
    return state[me + IN_PLACE] !== 0 ? 'release' : 'name';
  };
}

/** The page's own frame is written, and stays. */
export const inPlace = ({ state, me, page }: Moment): string => {
  state[me + NEW] = state[pte(page) + FRAME];
  state[me + IN_PLACE] = 1;
  return 'put';
};

export const WRITER: Program = {
  lock: {
    mirrors: 'memory/pte.ts pteTake',
    run: ({ state, page, holder }) => {
      if (state[pte(page) + HOLDER] !== 0) return WAIT;
      state[pte(page) + HOLDER] = holder;
      state[pte(page) + DIRTY] = 1;
      return 'look';
    },
  },
  look: {
    mirrors: 'PageAccess.store',
    run: (m) => {
      if (m.state[pte(m.page) + WRITABLE] !== 0) return inPlace(m);
      return m.state[pte(m.page) + PRESENT] !== 0 ? 'own: mapped once?' : 'take';
    },
  },
  'own: mapped once?': {
    mirrors: 'PageAccess.ownsFrame',
    run: ({ state, page }) =>
      state[frame(state[pte(page) + FRAME]) + COUNT] === 1 ? 'own: no KSM page?' : 'take',
  },
  'own: no KSM page?': {
    mirrors: 'PageAccess.ownsFrame',
    run: (m) => (m.state[frame(m.state[pte(m.page) + FRAME]) + KSM] === 0 ? inPlace(m) : 'take'),
  },
  take: {
    mirrors: 'Frames.take',
    run: ({ state, me }) => {
      const taken = freeFrame(state);
      if (taken === 0) return 'release, full';
      state[frame(taken) + FREE] = 0;
      state[me + NEW] = taken;
      return 'take, count';
    },
  },
  'take, count': {
    mirrors: 'Frames.take',
    run: ({ state, me, store }) => {
      state[frame(state[me + NEW]) + KSM] = 0;
      state[frame(state[me + NEW]) + COUNT] = 1;
      return store.low === undefined || store.high === undefined ? 'copy' : 'put';
    },
  },
  copy: { mirrors: 'PageAccess.takeCopy', run: copyHalf(0) },
  'copy, high': { mirrors: 'PageAccess.takeCopy', run: copyHalf(1) },
  put: { mirrors: 'PageAccess.put', run: putHalf(0) },
  'put, high': { mirrors: 'PageAccess.put', run: putHalf(1) },
  name: {
    mirrors: 'PageAccess.mapOwn',
    run: ({ state, me, page }) => {
      state[me + OLD] = state[pte(page) + PRESENT] !== 0 ? state[pte(page) + FRAME] : 0;
      state[pte(page) + FRAME] = state[me + NEW];
      return state[me + OLD] !== 0 ? 'drop old' : 'release';
    },
  },
  ...putSteps('drop old', OLD, 'release'),
  release: {
    mirrors: 'memory/pte.ts pteRelease',
    run: ({ state, page, store }) => {
      release(state, page, { [PRESENT]: 1, [WRITABLE]: 1, [ZERO]: 0 });
      if (store.low !== undefined) state[truth(page)] = store.low;
      if (store.high !== undefined) state[truth(page) + 1] = store.high;
      return OVER;
    },
  },
  'release, full': {
    mirrors: 'memory/pte.ts pteRelease',
    run: ({ state, page }) => {
      release(state, page);
      return 'await frame';
    },
  },
  'await frame': {
    mirrors: 'GuestPatience.forFrame',
    run: ({ state }) => (freeFrame(state) === 0 ? WAIT : 'lock'),
  },
};

const readHalf =
  (half: number, next: string): Program[string]['run'] =>
  ({ state, me, page }) => {
    state[me + READ + half] =
      state[frame(state[pte(page) + PRESENT] !== 0 ? state[pte(page) + FRAME] : 0) + half];
    return next;
  };

export const READER: Program = {
  lock: {
    mirrors: 'memory/pte.ts pteTake',
    run: ({ state, page, holder }) => {
      if (state[pte(page) + HOLDER] !== 0) return WAIT;
      state[pte(page) + HOLDER] = holder;
      return 'read';
    },
  },
  read: { mirrors: 'PageAccess.load', run: readHalf(0, 'read, high') },
  'read, high': { mirrors: 'PageAccess.load', run: readHalf(1, 'release') },
  release: {
    mirrors: 'memory/pte.ts pteRelease',
    run: ({ state, me, page }) => {
      const read = [state[me + READ], state[me + READ + 1]];
      assertThat(
        read[0] === state[truth(page)] && read[1] === state[truth(page) + 1],
        `the reader has read ${read}, which page ${page} does not hold`,
      );
      release(state, page);
      return OVER;
    },
  },
};
