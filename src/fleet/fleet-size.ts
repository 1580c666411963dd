/** How much a fleet has: by that it is chosen of how large a part of its sample a question is. */
import type { FleetIdentity } from './dataset.js';
import type { Engine, Row } from './engine.js';
import { statementsOf } from './queries.js';
import { type Sketch, sketchOf } from './sketch.js';

export class FleetSize {
  private constructor(
    private readonly identity: FleetIdentity,
    private readonly row: Row | undefined,
  ) {}

  static async of(engine: Engine, identity: FleetIdentity): Promise<FleetSize> {
    const [row] = await engine.rows(statementsOf('size'));
    return new FleetSize(identity, row);
  }

  /** The largest that has about so many pages at most. */
  sketch(mostPages?: number): Sketch {
    return sketchOf(this.identity, Number(this.row?.sampled_pages), mostPages);
  }

  /** Of all memory, what is advised mergeable. */
  get advisedShare(): number {
    return Number(this.row?.advised_pages ?? 0) / Math.max(Number(this.row?.pages ?? 0), 1);
  }
}
