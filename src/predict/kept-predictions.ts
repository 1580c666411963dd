/**
 * Predictions that are done, in a file, a line of JSON each: a long row of them that is interrupted
 * goes on where it was. The first line says what the file is, and one that begins otherwise is
 * somebody else's: it is refused, and stays as it is. A line that broke off, and those of another
 * recording or another ksmd, are passed over.
 */
import { appendFileSync, closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { KsmdError, systemError } from '../errors.js';
import { quoted } from '../printable.js';
import type { Predicted, PredictOptions } from './prediction.js';

const HEAD = `${JSON.stringify({ keeps: 'predictions of ksmd predict --resume' })}\n`;

interface Line {
  readonly of: string;
  readonly options: string;
  readonly predicted: Predicted;
}

export class KeptPredictions {
  private constructor(
    readonly path: string,
    private readonly of: string,
    private readonly found: ReadonlyMap<string, Predicted>,
  ) {}

  /**
   * `of`: what tells a recording from others. The file need not be there yet. EEXIST if it is of
   * something else.
   */
  static open(path: string, of: string): KeptPredictions {
    const text = textOf(path);
    const found = new Map<string, Predicted>();
    for (const line of text.split('\n')) {
      const kept = lineOf(line);
      if (kept?.of === of) found.set(kept.options, kept.predicted);
    }
    // So that what broke off spoils no other line, and one that cannot be written is said at once.
    append(path, text === '' ? HEAD : text.endsWith('\n') ? '' : '\n');
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

/** Nothing, if there is no file yet. Of one that is none of these only the first line is read. */
function textOf(path: string): string {
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there === undefined || (there.isFile() && there.size === 0)) return '';
    if (there.isFile() && beginsWith(path, HEAD)) return readFileSync(path, 'utf8');
    if (there.isDirectory()) throw new KsmdError('EISDIR', `${quoted(path)} is a directory`);
  } catch (error) {
    throw error instanceof KsmdError ? error : systemError(error, `cannot read ${quoted(path)}`);
  }
  throw new KsmdError('EEXIST', `${quoted(path)} keeps no predictions, and stays as it is`);
}

function beginsWith(path: string, text: string): boolean {
  const begin = Buffer.alloc(Buffer.byteLength(text));
  const file = openSync(path, 'r');
  try {
    readSync(file, begin);
  } finally {
    closeSync(file);
  }
  return begin.toString() === text;
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
