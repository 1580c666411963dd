/**
 * What comes of it, in a folder: `table.md` and `curves.svg` as docs/accuracy.md has them, all
 * numbers in `curves.jsonl`, a line a setting, and a page of curves and the recording for each.
 * Written anew with each setting, so that what is done is there whatever becomes of the rest.
 */
import { appendFileSync, copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { kernelProfile } from '../../src/ksm/kernels.js';
import type { Prices } from '../../src/prices/prices.js';
import { CURVES_FILE, type Held } from './curves.js';
import { fileOf, nameOf, type Trial } from './groups.js';
import { pageOf } from './page.js';
import { type Panel, plotOf } from './plot.js';
import { type HeldTrial, markdownTable } from './tables.js';
import type { Outcome } from './trial.js';

const KERNEL = { profile: kernelProfile('6.18'), note: undefined, isOfHost: false };
const TITLE = `What predictions say, and what the running kernel (Linux ${release()}) does`;

export class Report {
  private readonly heldTrials: HeldTrial[] = [];
  private readonly panels: Panel[] = [];

  constructor(private readonly folder: string) {
    rmSync(this.path(CURVES_FILE), { force: true });
  }

  async add(done: {
    readonly trial: Trial;
    readonly prices: Prices;
    readonly outcome: Outcome;
    readonly held: readonly Held[];
  }): Promise<void> {
    const { trial, prices, outcome, held } = done;
    const { recording, predicted, prediction, runs } = outcome;
    const name = nameOf(trial);
    const curves = runs.map(({ curve }) => curve);
    this.heldTrials.push({ name, held });
    this.panels.push({ name, predicted: prediction.curve, kernel: curves });
    writeFileSync(this.path('table.md'), markdownTable(this.heldTrials));
    writeFileSync(this.path('curves.svg'), await plotOf(this.panels, TITLE));
    const line = JSON.stringify({ ...trial, prices, prediction, runs, held });
    appendFileSync(this.path(CURVES_FILE), `${line}\n`);
    const { header, sweeps } = recording;
    const settings = {
      pages_to_scan: String(trial.pagesToScan),
      smart_scan: String(trial.smartScan),
    };
    const told = { runs: [{ settings, predicted }], header, sweeps, atLeastSeconds: 0 };
    const file = fileOf(trial);
    const kept = this.path(`${file}.rec`);
    if (recording.path !== kept) copyFileSync(recording.path, kept);
    writeFileSync(
      this.path(`${file}.html`),
      await pageOf({ ...told, prices, kernel: KERNEL }, curves),
    );
  }

  private path(name: string): string {
    return join(this.folder, name);
  }
}
