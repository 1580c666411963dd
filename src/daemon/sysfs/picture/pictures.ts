/**
 * Trees as pictures of them, kept up to date: drawn a few times a second, and at once after a
 * write.
 *
 * While the daemon is up, a file system that fails is logged and tried again. What is written and
 * refused is a line in the log.
 */
import type { Logger } from 'pino';
import { systemError } from '../../../errors.js';
import type { Standstill } from '../../threads/standstill.js';
import type { TunableWrites } from '../../threads/tunable-writes.js';
import type { Timers } from '../../timers.js';
import type { OwnDirectory } from '../own-directory.js';
import type { Rollups } from '../rollups.js';
import type { Directory, File } from '../tree.js';
import { type Attempt, Picture, type PictureOwner, sampleOf } from './picture.js';

const REDRAW_MS = 150;

export interface PicturesSource {
  readonly standstill: Standstill;
  readonly tunables: TunableWrites;
  readonly rollups: Rollups;
}

export class Pictures implements PictureOwner {
  private readonly pictures: { readonly tree: Directory; readonly picture: Picture }[] = [];
  private stopRedrawing = (): void => {};
  /** Errno names of what failed at the last look. */
  private failing: ReadonlySet<string> = new Set();
  private readonly written = (): void => {
    // What fails now is tried again at the next look, and told of then.
    void this.source.standstill.ready().then(() => this.redraw(ignoring));
  };

  private constructor(
    private readonly source: PicturesSource,
    private readonly logger: Logger,
    private readonly places: string,
  ) {}

  /** Throws what the file system does, and no picture is left. */
  static make(
    trees: readonly (readonly [OwnDirectory, Directory])[],
    source: PicturesSource,
    logger: Logger,
    timers: Timers,
  ): Pictures {
    const places = trees.map(([{ path }]) => path).join(' and ');
    const pictures = new Pictures(source, logger, places);
    try {
      for (const [directory, tree] of trees)
        pictures.pictures.push({ tree, picture: new Picture(directory, sampleOf(tree), pictures) });
    } catch (error) {
      pictures.remove();
      throw error;
    }
    source.tunables.on('written', pictures.written);
    pictures.stopRedrawing = timers.every(REDRAW_MS, () => pictures.look());
    return pictures;
  }

  /** Who wrote a file is not waited for: nobody would hear of it. */
  async settled(): Promise<void> {}

  /** Takes nothing up any more. */
  remove(): void {
    this.source.tunables.off('written', this.written);
    this.stopRedrawing();
    this.source.rollups.stop();
    for (const { picture } of this.pictures.splice(0)) picture.removeAll();
  }

  async write(path: string, file: File, text: string): Promise<void> {
    try {
      await file.write?.(text);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.logger.warn(
        { file: path, errno: code },
        `${code}: ${message}: the value before it stays`,
      );
    }
  }

  failed(error: unknown): void {
    this.logger.error(systemError(error, `the files in ${this.places} cannot be kept`).line);
  }

  private look(): void {
    // What a scanner that died has left is being set right.
    if (!this.source.standstill.isReady) return;
    const failed = new Map<string, unknown>();
    const attempt: Attempt = (change) => {
      try {
        change();
      } catch (error) {
        failed.set((error as NodeJS.ErrnoException).code ?? 'EIO', error);
      }
    };
    this.source.rollups.refresh();
    for (const { picture } of this.pictures) picture.look(attempt);
    this.redraw(attempt);
    for (const [code, error] of failed) if (!this.failing.has(code)) this.failed(error);
    this.failing = new Set(failed.keys());
  }

  /** All from one sample. */
  private redraw(attempt: Attempt): void {
    const samples = this.pictures.map(({ tree }) => sampleOf(tree));
    for (const [i, { picture }] of this.pictures.entries())
      picture.draw(samples[i] ?? new Map(), attempt);
  }
}

const ignoring: Attempt = (change) => {
  try {
    change();
  } catch {}
};
