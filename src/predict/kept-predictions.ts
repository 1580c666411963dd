/**
 * Predictions that are done, in a file, a line of JSON each: a long row of them that is interrupted
 * goes on where it was. A line that broke off, and those of another recording or another ksmd, are
 * passed over.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { isKsmdError, systemError } from '../errors.js';
import { quoted } from '../printable.js';
import type { Predicted, PredictOptions } from './prediction.js';

interface Line {
  readonly of: string;
  readonly options: string;
  readonly predicted: Predicted;
}

export class KeptPredictions {
  private constructor(
    private readonly path: string,
    private readonly of: string,
    private readonly found: ReadonlyMap<string, Predicted>,
  ) {}

  /** `of`: what tells a recording from others. The file need not be there yet. */
  static open(path: string, of: string): KeptPredictions {
    const text = textOf(path);
    const found = new Map<string, Predicted>();
    for (const line of text.split('\n')) {
      const kept = lineOf(line);
      if (kept?.of === of) found.set(kept.options, kept.predicted);
    }
    // So that what broke off spoils no other line, and one that cannot be written is said at once.
    append(path, text === '' || text.endsWith('\n') ? '' : '\n');
    return new KeptPredictions(path, of, found);
  }

  find(options: PredictOptions): Predicted | undefined {
    return this.found.get(JSON.stringify(options));
  }

  keep(options: PredictOptions, predicted: Predicted): void {
    const line: Line = { of: this.of, options: JSON.stringify(options), predicted };
    append(this.path, `${JSON.stringify(line)}\n`);
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const failed = systemError(error, `cannot read ${quoted(path)}`);
    if (isKsmdError(failed, 'ENOENT')) return '';
    throw failed;
  }
}

function append(path: string, text: string): void {
  try {
    appendFileSync(path, text);
  } catch (error) {
    throw systemError(error, `cannot write ${quoted(path)}`);
  }
}

function lineOf(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
