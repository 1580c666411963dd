/** How soon the status is answered, asked again and again beside whatever else goes on. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from '../../src/client/client.js';

const EVERY_MS = 50;

export class StatusAnswers {
  private readonly client: Client;
  private readonly took: number[] = [];
  private readonly asking: Promise<void>;
  private isOver = false;

  constructor(socketPath: string) {
    this.client = new Client(socketPath);
    this.asking = this.ask();
  }

  /** Since the last time this was asked: median, 99th of a hundred, and longest, milliseconds. */
  taken(): { readonly p50: number; readonly p99: number; readonly longest: number } {
    const sorted = this.took.splice(0).sort((a, b) => a - b);
    const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
    return { p50: at(0.5), p99: at(0.99), longest: at(1) };
  }

  async end(): Promise<void> {
    this.isOver = true;
    await this.asking;
    this.client.close();
  }

  private async ask(): Promise<void> {
    while (!this.isOver) {
      const from = performance.now();
      await this.client.status();
      this.took.push(performance.now() - from);
      await delay(EVERY_MS);
    }
  }
}
