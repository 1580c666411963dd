/**
 * The protocol of the pte as a model small enough to be explored whole: two pages of two halves
 * each, frames, and four actors. An actor does exactly one thing to shared memory in a step; each
 * step names what it mirrors: a method, or a function of the core.
 *
 * A state is one small array of bytes. Half a page is one cell, which holds any value: that copies
 * are not made at once is what halves are for.
 */

export const PAGES = 2;
const FRAMES = 5;
const NODES = 4;
export const ACTORS = ['writer', 'other writer', 'scanner', 'reader'] as const;
export const SCANNER = 2;
const READER = 3;

// A pte.
export const HOLDER = 0;
export const PRESENT = 1;
export const WRITABLE = 2;
export const DIRTY = 3;
export const ZERO = 4;
export const FRAME = 5;
const PTE_FIELDS = 6;
// A frame. Frame 0 is the zero page.
export const HALVES = 0;
export const COUNT = 2;
export const STABLE = 3;
export const FREE = 4;
/** Marked as a KSM page. */
export const KSM = 5;
const FRAME_FIELDS = 6;
const FRAME_BASE = PAGES * PTE_FIELDS;
/** What guests have stored, as they must see it: two halves a page. */
const TRUTH = FRAME_BASE + FRAMES * FRAME_FIELDS;
/**
 * The scanner's: the checksum of each page, the one page in its unstable tree (plus 1), the frames
 * of its stable nodes (from node 1 on).
 */
export const SUM = TRUTH + PAGES * 2;
export const UNSTABLE = SUM + PAGES;
export const NODE = UNSTABLE + 1;
// An actor: its next step, how many operations it has finished, and what it remembers.
const ACTOR_BASE = NODE + NODES;
const PC = 0;
const DONE_OPS = 1;
export const MINE = 2;
const ACTOR_FIELDS = 8;
export const KILLED = ACTOR_BASE + ACTORS.length * ACTOR_FIELDS;
const STATE_BYTES = KILLED + 1;

export type State = Uint8Array;
export const pte = (page: number): number => page * PTE_FIELDS;
export const frame = (number: number): number => FRAME_BASE + number * FRAME_FIELDS;
export const truth = (page: number): number => TRUTH + page * 2;
export const actorAt = (actor: number): number => ACTOR_BASE + actor * ACTOR_FIELDS;

/** A store of one half (the rest must be kept) or of both. */
export interface Store {
  readonly page: number;
  readonly low?: number;
  readonly high?: number;
}

export interface Scenario {
  readonly name: string;
  /** What the pages hold at first: present, private, clean, the scanner having seen them. */
  readonly start: readonly [number, number];
  readonly stores: readonly [readonly Store[], readonly Store[]];
  /** The pages that the scanner visits, and the reader reads, one after the other. */
  readonly visits: readonly number[];
  readonly reads: readonly number[];
  readonly zeroPages?: boolean;
  /** Both pages map one frame, write-protected: a fork has shared it. */
  readonly forked?: boolean;
}

/** What a step works on. `me` is where the actor's fields are. */
export interface Moment {
  readonly state: State;
  readonly me: number;
  readonly holder: number;
  readonly scenario: Scenario;
  /** The store, visit or read under way. */
  readonly page: number;
  readonly store: Store;
}

/** The step has to wait: nothing was changed. */
export const WAIT = undefined;
/** The operation is over. */
export const OVER = 'over';

export interface Step {
  /** Class and method. */
  readonly mirrors: string;
  /** The name of the step that comes next. */
  readonly run: (moment: Moment) => string | typeof WAIT;
}

export type Program = Readonly<Record<string, Step>>;

export class Violation extends Error {}

export function assertThat(holds: boolean, what: string): void {
  if (!holds) throw new Violation(what);
}

export function initialState(scenario: Scenario): State {
  const state = new Uint8Array(STATE_BYTES);
  for (let f = 1; f < FRAMES; f++) state[frame(f) + FREE] = 1;
  for (const [page, value] of scenario.start.entries()) {
    const f = frame(page + 1);
    state.set([value, value, 1, 0, 0, 0], f);
    state.set([0, 1, 1, 0, 0, page + 1], pte(page));
    state.set([value, value], truth(page));
    state[SUM + page] = sum(state, page + 1);
  }
  if (scenario.forked === true) {
    state[frame(2) + FREE] = 1;
    state[frame(2) + COUNT] = 0;
    state[frame(1) + COUNT] = 2;
    state[pte(1) + FRAME] = 1;
    state[pte(0) + WRITABLE] = 0;
    state[pte(1) + WRITABLE] = 0;
  }
  return state;
}

/** Stands for the checksum. */
export function sum(state: State, number: number): number {
  return state[frame(number)] * 16 + state[frame(number) + 1];
}

export function operations(scenario: Scenario, actor: number): number {
  if (actor === SCANNER) return scenario.visits.length;
  return actor === READER ? scenario.reads.length : scenario.stores[actor].length;
}

export function freeFrame(state: State): number {
  for (let f = 1; f < FRAMES; f++) if (state[frame(f) + FREE] !== 0) return f;
  return 0;
}

export function freeNode(state: State): number {
  let node = 1;
  while (node < NODES && state[NODE + node] !== 0) node++;
  return node;
}

export function nextNode(state: State, after: number): number {
  for (let node = after + 1; node < NODES; node++) if (state[NODE + node] !== 0) return node;
  return 0;
}

/** What a page reads as now, whoever holds it. */
export function visible(state: State, page: number): [number, number] {
  const f = frame(state[pte(page) + PRESENT] !== 0 ? state[pte(page) + FRAME] : 0);
  return [state[f], state[f + 1]];
}

/**
 * The programs of all actors, each with the names of its steps in order: a program counter is a
 * place in there.
 */
export class Actors {
  private readonly names: readonly (readonly string[])[];

  constructor(
    readonly programs: readonly Program[],
    readonly scenario: Scenario,
  ) {
    this.names = programs.map((program) => Object.keys(program));
  }

  isDone(state: State, actor: number): boolean {
    return state[actorAt(actor) + DONE_OPS] === operations(this.scenario, actor);
  }

  stepName(state: State, actor: number): string {
    return this.names[actor][state[actorAt(actor) + PC]];
  }

  /** At a safepoint, where a thread stands still while another is cleared up after. */
  isSafe(state: State, actor: number): boolean {
    return (
      this.isDone(state, actor) ||
      state[actorAt(actor) + PC] === 0 ||
      this.stepName(state, actor) === 'await frame'
    );
  }

  /** The state after the actor's next step; undefined if it has to wait. */
  step(before: State, actor: number): State | undefined {
    const state = before.slice();
    const me = actorAt(actor);
    const done = state[me + DONE_OPS];
    const store = this.scenario.stores[actor]?.[done] ?? { page: 0 };
    const page =
      actor === SCANNER
        ? this.scenario.visits[done]
        : actor === READER
          ? this.scenario.reads[done]
          : store.page;
    const name = this.stepName(state, actor);
    const next = this.programs[actor][name].run({
      state,
      me,
      holder: actor + 1,
      scenario: this.scenario,
      page,
      store,
    });
    if (next === WAIT) return undefined;
    if (next === OVER) this.finish(state, actor, done + 1);
    else {
      const pc = this.names[actor].indexOf(next);
      if (pc === -1)
        throw new Error(`${ACTORS[actor]}: '${name}' leads to '${next}', which there is not`);
      state[me + PC] = pc;
    }
    return state;
  }

  /** The actor is at the start of operation `done`. */
  finish(state: State, actor: number, done: number): void {
    state.fill(0, actorAt(actor), actorAt(actor) + ACTOR_FIELDS);
    state[actorAt(actor) + DONE_OPS] = done;
  }
}
