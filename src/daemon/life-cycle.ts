/**
 * A life as a list of parts: they start one after another, each when those before it are up, and
 * stop in the reverse order, also when one of them does not start.
 *
 * A part that does not stop keeps none of the others from it. What the parts are is no business of
 * this file, and nothing here takes longer than they do: who is in a hurry ends the process.
 */

export interface Part {
  readonly name: string;
  /** Resolves once it is up. If it rejects, it has left nothing behind. */
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
  /** Removes at once what others would take it for alive by: the process is about to die. */
  abandon(): void;
}

export class LifeCycle {
  private readonly up: Part[] = [];
  private isEnding = false;
  private starting: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;

  /** The next part is asked for when the one before it is up. */
  constructor(private readonly parts: Iterable<Part>) {}

  /**
   * Resolves once all parts are up, or it was told to stop. If one fails, rejects with what that
   * one says, as soon as those before it are stopped.
   */
  start(): Promise<void> {
    this.starting = this.startAll();
    return this.starting;
  }

  /**
   * Stops what is up, the last part first; a part that is just starting is let finish. Rejects with
   * what went wrong once all have had their turn. The second time there is nothing to do.
   */
  stop(): Promise<void> {
    this.isEnding = true;
    this.stopped ??= this.starting.then(
      () => this.unwind(),
      // Whoever started it has been told, and all is stopped.
      () => {},
    );
    return this.stopped;
  }

  /** All parts are left as they are: none starts or stops any more. */
  abandon(): void {
    this.isEnding = true;
    this.stopped ??= Promise.resolve();
    for (const part of this.up.splice(0).reverse()) {
      try {
        part.abandon();
      } catch {
        // What remains of it the process's end must do for.
      }
    }
  }

  private async startAll(): Promise<void> {
    try {
      if (this.isEnding) return;
      for (const part of this.parts) {
        await part.start();
        this.up.push(part);
        if (this.isEnding) return;
      }
    } catch (error) {
      await this.unwind(error);
      throw error;
    }
  }

  /** `first`: what has gone wrong already. */
  private async unwind(...first: readonly unknown[]): Promise<void> {
    const failures: unknown[] = [];
    for (let part = this.up.pop(); part !== undefined; part = this.up.pop()) {
      try {
        await part.stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError([...first, ...failures]);
  }
}

interface Making<Thing> {
  readonly name: string;
  /** Makes it, or rejects and leaves nothing behind. */
  readonly start: () => Thing | Promise<Thing>;
  readonly stop: (thing: Thing) => void | Promise<void>;
  readonly abandon?: (thing: Thing) => void;
}

/** A part that is made as it starts: to be yielded from a list, which gets what was made. */
export function* made<Thing>(making: Making<Thing>): Generator<Part, Thing, void> {
  let held: { readonly thing: Thing } | undefined;
  yield {
    name: making.name,
    start: async () => {
      held = { thing: await making.start() };
    },
    stop: async () => {
      if (held !== undefined) await making.stop(held.thing);
    },
    abandon: () => {
      if (held !== undefined) making.abandon?.(held.thing);
    },
  };
  if (held === undefined) throw new Error(`the part '${making.name}' is wanted before it is up`);
  return held.thing;
}
