/**
 * Every interleaving of a scenario's actors, with what must hold in each state; and with any one of
 * them killed at any step, if asked.
 */
import {
  ACTORS,
  Actors,
  actorAt,
  assertThat,
  COUNT,
  DIRTY,
  FRAME,
  FREE,
  frame,
  HOLDER,
  initialState,
  KILLED,
  NODE,
  operations,
  PAGES,
  PRESENT,
  type Program,
  pte,
  SCANNER,
  type Scenario,
  STABLE,
  type State,
  truth,
  UNSTABLE,
  Violation,
  visible,
  WRITABLE,
  ZERO,
} from './protocol.js';
import { IN_PLACE } from './protocol-steps.js';

export interface Explored {
  readonly states: number;
  readonly ends: number;
  /** Ends in which the pages share a frame, and in which one is the zero page. */
  readonly merged: number;
  readonly zeroed: number;
  /** What was violated first, and the steps that led there; undefined if nothing was. */
  readonly violation: string | undefined;
}

const FRAME_NUMBERS = [1, 2, 3, 4];

export function explore(programs: readonly Program[], scenario: Scenario, kill: boolean): Explored {
  const actors = new Actors(programs, scenario);
  const seen = new Set<string>();
  const stack: State[] = [initialState(scenario)];
  const cameFrom = new Map<string, readonly [from: string, how: string]>();
  let ends = 0;
  let merged = 0;
  let zeroed = 0;
  for (let state = stack.pop(); state !== undefined; state = stack.pop()) {
    const key = String.fromCharCode(...state);
    const reach = (next: State | undefined, how: string): boolean => {
      if (next === undefined) return false;
      const nextKey = String.fromCharCode(...next);
      if (seen.has(nextKey)) return true;
      seen.add(nextKey);
      if (!kill) cameFrom.set(nextKey, [key, how]);
      stack.push(next);
      return true;
    };
    let at = 'the start';
    try {
      assertSound(state);
      if (ACTORS.every((_, actor) => actors.isDone(state, actor))) {
        ends++;
        assertAtEnd(state);
        if (state[pte(0) + PRESENT] !== 0 && state[pte(0) + FRAME] === state[pte(1) + FRAME])
          merged++;
        if (state[pte(0) + ZERO] !== 0 || state[pte(1) + ZERO] !== 0) zeroed++;
        continue;
      }
      let moved = false;
      const dead = state[KILLED] - 1;
      for (const [actor, name] of ACTORS.entries()) {
        if (actor === dead || actors.isDone(state, actor)) continue;
        at = `${name}, ${actors.stepName(state, actor)}`;
        if (reach(actors.step(state, actor), at)) moved = true;
        if (kill && state[KILLED] === 0) reach(killed(state, actor), 'killed');
      }
      if (
        dead >= 0 &&
        dead < ACTORS.length &&
        ACTORS.every((_, actor) => actor === dead || actors.isSafe(state, actor))
      ) {
        at = `clearing up after the ${ACTORS[dead]}`;
        moved = true;
        reach(clearUp(actors, state, dead), at);
      }
      assertThat(moved, 'nobody can go on');
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      const way = [at];
      for (let step = cameFrom.get(key); step !== undefined; step = cameFrom.get(step[0]))
        way.unshift(step[1]);
      return {
        states: seen.size,
        ends,
        merged,
        zeroed,
        violation: `${error.message}\nafter: ${way.join('\n       ')}`,
      };
    }
  }
  return { states: seen.size, ends, merged, zeroed, violation: undefined };
}

/** What holds in every state, whoever is in the middle of what. */
function assertSound(state: State): void {
  for (let page = 0; page < PAGES; page++) {
    const at = pte(page);
    const holder = state[at + HOLDER];
    const [low, high] = visible(state, page);
    const isBeingStored = holder !== 0 && holder - 1 < SCANNER;
    if (!isBeingStored) {
      const [wantLow, wantHigh] = [state[truth(page)], state[truth(page) + 1]];
      assertThat(
        low === wantLow && high === wantHigh,
        `page ${page} reads ${low},${high}, not ${wantLow},${wantHigh} as was stored`,
      );
    }
    if (state[at + PRESENT] === 0) continue;
    const f = state[at + FRAME];
    assertThat(
      f === 0 || state[frame(f) + FREE] === 0,
      `frame ${f} is free while page ${page} maps it`,
    );
    assertThat(
      f === 0 || state[KILLED] !== 0 || state[frame(f) + COUNT] > 0,
      `frame ${f} has no reference while page ${page} maps it`,
    );
    if (holder === 0 && state[at + WRITABLE] !== 0) {
      const other = pte(1 - page);
      assertThat(
        state[other + PRESENT] === 0 || state[other + FRAME] !== f,
        `page ${page} may be written in place, and shares frame ${f}`,
      );
    }
  }
}

function assertAtEnd(state: State): void {
  for (const number of FRAME_NUMBERS) {
    let mapped = 0;
    for (let page = 0; page < PAGES; page++)
      if (state[pte(page) + PRESENT] !== 0 && state[pte(page) + FRAME] === number) mapped++;
    const f = frame(number);
    assertThat(
      state[f + COUNT] === mapped,
      `frame ${number} counts ${state[f + COUNT]} references at the end, and ${mapped} ` +
        'pages map it',
    );
    assertThat(
      (state[f + FREE] !== 0) === (mapped === 0),
      `frame ${number} is ${state[f + FREE] !== 0 ? 'free' : 'lost'} at the end`,
    );
  }
  for (let page = 0; page < PAGES; page++)
    assertThat(state[pte(page) + HOLDER] === 0, `page ${page} is locked at the end`);
}

function killed(before: State, actor: number): State {
  const state = before.slice();
  state[KILLED] = actor + 1;
  return state;
}

/** src/machine/recover.ts, and for the scanner src/ksm/rebuild.ts. */
function clearUp(actors: Actors, before: State, dead: number): State {
  const state = before.slice();
  if (dead < SCANNER) acceptStore(actors, state, dead);
  for (let page = 0; page < PAGES; page++)
    if (state[pte(page) + HOLDER] === dead + 1) settle(state, page);
  if (dead === SCANNER) {
    for (const number of FRAME_NUMBERS) state[frame(number) + STABLE] = 0;
    state.fill(0, NODE, actorAt(0));
    state[UNSTABLE] = 0;
  }
  for (const number of FRAME_NUMBERS) {
    const f = frame(number);
    let mapped = 0;
    for (let page = 0; page < PAGES; page++)
      if (state[pte(page) + PRESENT] !== 0 && state[pte(page) + FRAME] === number) mapped++;
    state[f + COUNT] = mapped;
    state[f + FREE] = mapped === 0 ? 1 : 0;
    if (mapped === 0) state[f + STABLE] = 0;
    if (dead === SCANNER && mapped > 1) {
      state[f + STABLE] = 1;
      state[NODE + 1] = number;
    }
  }
  actors.finish(state, dead, operations(actors.scenario, dead));
  // Nobody else dies, and nothing is dead any more.
  state[KILLED] = ACTORS.length + 1;
  return state;
}

function settle(state: State, page: number): void {
  const at = pte(page);
  state[at + HOLDER] = 0;
  state[at + WRITABLE] = 0;
  state[at + DIRTY] = 1;
  if (state[at + FRAME] !== 0) {
    state[at + PRESENT] = 1;
    state[at + ZERO] = 0;
  } else if (state[at + PRESENT] !== 0) {
    state[at + PRESENT] = 0;
    state[at + ZERO] = 1;
  }
}

/**
 * A store cut short is all there or not at all; in place, where one write of memory is not, each
 * half is the old or the new.
 */
function acceptStore(actors: Actors, state: State, dead: number): void {
  const store = actors.scenario.stores[dead][state[actorAt(dead) + 1]];
  if (store === undefined || state[pte(store.page) + HOLDER] !== dead + 1) return;
  const f = frame(state[pte(store.page) + FRAME]);
  const now = [state[f], state[f + 1]];
  const old = [state[truth(store.page)], state[truth(store.page) + 1]];
  const wanted = [store.low ?? old[0], store.high ?? old[1]];
  const halves = now.map((value, half) => value === old[half] || value === wanted[half]);
  const whole = now.join() === old.join() || now.join() === wanted.join();
  const inPlace = state[actorAt(dead) + IN_PLACE] !== 0;
  assertThat(
    inPlace ? halves.every(Boolean) : whole,
    `a writer that died left ${now} of ${wanted} over ${old}`,
  );
  state.set(now, truth(store.page));
}
