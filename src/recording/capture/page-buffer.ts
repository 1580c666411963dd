/** Room for pages that are read at once. Each has a view, made once: a sweep needs millions. */
const PAGES = 512;

export class PageBuffer {
  readonly bytes: Buffer;
  readonly pages: readonly Buffer[];

  constructor(pageSize: number) {
    const bytes = Buffer.alloc(PAGES * pageSize);
    this.bytes = bytes;
    this.pages = Array.from({ length: PAGES }, (_, page) =>
      bytes.subarray(page * pageSize, (page + 1) * pageSize),
    );
  }
}
