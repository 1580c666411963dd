/**
 * The pixels of the map: one a page, drawn where something has changed and nowhere else. The
 * browser scales them to the size of a cell.
 */
import { type Arrangement, type Block, bySlot, firstEndingAfter } from './arrangement.js';

export class MapCanvas {
  /** By number of the class. */
  private palette = new Uint32Array(16);
  private arrangement: Arrangement | undefined;
  private sorted: readonly Block[] = [];
  private image: ImageData | undefined;
  private pixels = new Uint32Array(0);
  /** Rows with pixels that the screen does not show yet. */
  private dirty = new Uint8Array(0);
  private readonly context: CanvasRenderingContext2D;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('this browser draws no pictures');
    this.context = context;
  }

  arrange(arrangement: Arrangement): void {
    const { columns, rows, cell } = arrangement;
    this.arrangement = arrangement;
    this.sorted = bySlot(arrangement);
    this.canvas.width = columns;
    this.canvas.height = rows;
    this.canvas.style.width = `${columns * cell.width}px`;
    this.canvas.style.height = `${rows * cell.height}px`;
    // Pages smaller than a pixel are mixed: of some of them nothing would be seen otherwise.
    this.canvas.style.imageRendering = cell.width < 1 ? 'auto' : '';
    this.image = this.context.createImageData(columns, rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.dirty = new Uint8Array(rows);
  }

  setPalette(palette: Uint32Array<ArrayBuffer>): void {
    this.palette = palette;
  }

  /** Draws the pages of slots `from` to before `to`, wherever they are. */
  draw(classes: Uint8Array, from: number, to: number): void {
    const { sorted } = this;
    for (let i = firstEndingAfter(sorted, from); i < sorted.length; i++) {
      const block = sorted[i];
      if (block === undefined || block.region.first >= to) return;
      const { first, pages } = block.region;
      this.drawBlock(
        classes,
        block,
        Math.max(from, first) - first,
        Math.min(to, first + pages) - first,
      );
    }
  }

  drawAll(classes: Uint8Array): void {
    for (const block of this.sorted) this.drawBlock(classes, block, 0, block.region.pages);
  }

  /** Shows what was drawn. */
  flush(): void {
    const { image, dirty, arrangement } = this;
    if (image === undefined || arrangement === undefined) return;
    for (let row = dirty.indexOf(1); row !== -1; ) {
      let end = dirty.indexOf(0, row);
      if (end === -1) end = dirty.length;
      this.context.putImageData(image, 0, 0, 0, row, arrangement.columns, end - row);
      dirty.fill(0, row, end);
      row = dirty.indexOf(1, end);
    }
  }

  /** Pages `from` to before `to` of a block. */
  private drawBlock(
    classes: Uint8Array,
    { x, y, columns, region }: Block,
    from: number,
    to: number,
  ): void {
    const { pixels, palette, arrangement } = this;
    const across = arrangement?.columns ?? 0;
    for (let page = from; page < to; ) {
      const row = y + Math.floor(page / columns);
      const rowEnd = Math.min(to, (row - y + 1) * columns);
      let pixel = row * across + x + (page % columns);
      this.dirty[row] = 1;
      for (; page < rowEnd; page++)
        pixels[pixel++] = palette[classes[region.first + page] ?? 0] ?? 0;
    }
  }
}
