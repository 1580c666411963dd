/** Room for pages that are read at once. Each has a view, made once: a sweep needs millions. */

/** So few that they stay in a processor's own cache, and take little of what others have there. */
const PAGES = 64;

export class PageBuffer {
  readonly bytes: Buffer;
  readonly pages: readonly Buffer[];
  /** Whose each of them is. */
  readonly owners = new Uint32Array(PAGES);

  constructor(pageSize: number) {
    const bytes = Buffer.alloc(PAGES * pageSize);
    this.bytes = bytes;
    this.pages = Array.from({ length: PAGES }, (_, page) =>
      bytes.subarray(page * pageSize, (page + 1) * pageSize),
    );
  }
}
