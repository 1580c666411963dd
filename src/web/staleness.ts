/**
 * Since when what stands on the page is no longer what is: once the stream is lost, all values are
 * grey, and a line says of which moment they are and how long ago that was.
 */
import { duration } from '../wording/amounts.js';
import { element, say } from './elements.js';
import { clock } from './wording.js';

const EVERY_MS = 1000;

/** Of which moment values are, at another one. */
export function asOf(heardAtMs: number, nowMs: number): string {
  const agoMs = Math.max(0, Math.floor((nowMs - heardAtMs) / 1000) * 1000);
  return `as of ${clock(heardAtMs)}, ${agoMs < 1000 ? 'just now' : `${wholeSeconds(agoMs)} ago`}`;
}

function wholeSeconds(ms: number): string {
  return ms < 100_000 ? `${ms / 1000} s` : duration(ms);
}

export class Staleness {
  private readonly told = element('as-of', HTMLParagraphElement);
  private heardAtMs: number | undefined;
  private timer: number | undefined;

  /** The daemon has told something. */
  heard(): void {
    this.heardAtMs = Date.now();
  }

  /** The daemon does not answer. */
  lost(): void {
    if (this.heardAtMs === undefined || this.timer !== undefined) return;
    document.documentElement.dataset.stale = '';
    this.timer = window.setInterval(() => this.say(), EVERY_MS);
    this.say();
    this.told.hidden = false;
  }

  /** Values are those of now again. */
  over(): void {
    window.clearInterval(this.timer);
    this.timer = undefined;
    delete document.documentElement.dataset.stale;
    this.told.hidden = true;
  }

  private say(): void {
    if (this.heardAtMs !== undefined) say(this.told, asOf(this.heardAtMs, Date.now()));
  }
}
