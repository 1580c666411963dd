/**
 * A file of /sys/kernel/mm/ksm that can be written: shows a tunable, and takes up what others write
 * to it.
 *
 * The kernel answers a write at once. Here the writer has gone on by the time its value is taken or
 * refused, and the file then shows the value that holds. An empty file is no value: a shell empties
 * it before it writes.
 */
import { type FSWatcher, watch } from 'node:fs';
import { writtenText } from '../text.js';
import type { KernelFile } from './kernel-file.js';

export interface Tunable {
  /** What the file is to show. */
  text(): string;
  /** Takes or refuses what was written; resolves either way. */
  write(text: string): Promise<void>;
  /** The file cannot be read or written any more. */
  failed(error: unknown): void;
}

export class TunableFile {
  private watcher: FSWatcher;
  /** What was found at the last look that is not what was shown. */
  private suspect: string | undefined;
  /** What is being taken, until the last of it has been answered. */
  private taking: string | undefined;
  private takes = 0;
  private isClosed = false;

  constructor(
    private readonly file: KernelFile,
    private readonly tunable: Tunable,
  ) {
    this.watcher = this.watch();
  }

  /** Shows the tunable as it is now, unless somebody has written: that is left to the watcher. */
  show(text: string): void {
    if (this.taking === undefined && text !== this.file.shown && !this.isTouched)
      this.file.show(text);
  }

  /**
   * To be called now and then: what the watcher, which hears of writes to several files in their
   * order, has not taken up by the next look is taken up then. An empty file is filled again.
   */
  look(text: string): void {
    if (this.taking !== undefined) return;
    if (this.file.isReplaced) {
      const held = this.file.putBack(text);
      this.watcher.close();
      this.watcher = this.watch();
      if (held !== '') void this.take(held);
      return;
    }
    const found = this.file.read();
    if (found === this.file.shown) this.suspect = undefined;
    else if (found !== this.suspect) this.suspect = found;
    else if (found === '') this.file.show(text);
    else void this.take(found);
  }

  close(): void {
    this.isClosed = true;
    this.watcher.close();
    this.file.close();
  }

  private get isTouched(): boolean {
    return this.file.isReplaced || this.file.read() !== this.file.shown;
  }

  private watch(): FSWatcher {
    const watcher = watch(this.file.path, { persistent: false }, () => this.heard());
    watcher.on('error', (error) => this.tunable.failed(error));
    return watcher;
  }

  private heard(): void {
    if (this.isClosed) return;
    try {
      const found = this.file.read();
      // Taken at once, also while an older one is: writes to other files come after it.
      if (found !== '' && found !== (this.taking ?? this.file.shown)) void this.take(found);
    } catch (error) {
      this.tunable.failed(error);
    }
  }

  private async take(found: string): Promise<void> {
    const take = ++this.takes;
    // What the file held when it was written to.
    const before = this.taking ?? this.file.shown;
    this.taking = found;
    await this.tunable.write(writtenText(before, found));
    // A newer one has come meanwhile: the file shows what that comes to.
    if (take !== this.takes) return;
    this.taking = undefined;
    if (this.isClosed) return;
    try {
      // Unless there is something newer in it.
      if (this.file.read() === found) this.file.show(this.tunable.text());
      else this.heard();
    } catch (error) {
      this.tunable.failed(error);
    }
  }
}
