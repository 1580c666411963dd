/** How far a sweep is, on one line of a terminal; nothing elsewhere. */

import type { SweepProgress } from '../../../recording/capture/capture.js';
import { Progress } from '../../terminal/progress.js';

export class SweepLine {
  private progress: Progress | undefined;
  private doneBytes = 0;

  draw({ doneBytes, totalBytes }: SweepProgress): void {
    if (doneBytes < this.doneBytes) this.clear();
    this.progress ??= new Progress('sweeping', totalBytes);
    this.progress.add(doneBytes - this.doneBytes);
    this.doneBytes = doneBytes;
  }

  clear(): void {
    this.progress?.end();
    this.progress = undefined;
    this.doneBytes = 0;
  }
}
