/**
 * npm run record -- SCENARIO.json: plays a scenario on the running kernel's own KSM and prints it
 * with every counter after every step.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { Command } from 'commander';
import { type Observation, type Op, parseScenario } from '../src/conformance/scenario.js';
import { SteppedKsm } from './record/kernel.js';
import { whyNoKernel } from './record/kernel-at-hand.js';
import type { ProcessCommand } from './record/process.js';

const PAGE_SIZE = 4096;

class Recorder {
  private readonly ksm = new SteppedKsm();
  private readonly processes = new Map<string, ChildProcess>();
  private readonly regions = new Map<string, { guest: string; address: number; pages: number }>();

  /**
   * Takes the step; the step with what was observed after it, or undefined if this kernel has no
   * such tunable.
   */
  async take(step: Op): Promise<Op | undefined> {
    switch (step.op) {
      case 'set': {
        if (!this.ksm.has(step.name)) return undefined;
        const { error: _error, expect: _expect, ...bare } = step;
        let refused: { error?: string } = {};
        try {
          this.ksm.write(step.name, step.value);
        } catch (error) {
          refused = { error: (error as NodeJS.ErrnoException).code ?? String(error) };
        }
        return { ...bare, ...refused, ...(step.name === 'run' ? { expect: this.observe() } : {}) };
      }
      case 'guest': {
        const child = fork(new URL('./record/process.ts', import.meta.url), {
          execArgv: ['--import', 'tsx'],
        });
        this.processes.set(step.guest, child);
        if (step.node !== undefined) await this.ask(step.guest, { do: 'bind', node: step.node });
        return step;
      }
      case 'region': {
        const { guest, region, pages } = step;
        const address = Number(step.addr);
        this.regions.set(region, { guest, address, pages });
        await this.ask(guest, { do: 'map', address, pages });
        if (step.mergeable ?? true)
          await this.ask(guest, { do: 'madvise', address, pages, advice: 'mergeable' });
        return step;
      }
      case 'fill': {
        const { guest, address, pages } = this.region(step.region);
        const { page = 0, content, arg = 0, step: stride = 0 } = step;
        await this.ask(guest, {
          do: 'fill',
          address: address + page * PAGE_SIZE,
          count: step.count ?? pages - page,
          content,
          arg,
          step: stride,
        });
        return step;
      }
      case 'store': {
        const { guest, address } = this.region(step.region);
        await this.ask(guest, {
          do: 'store',
          address: address + step.page * PAGE_SIZE + step.offset,
          value: step.value,
        });
        return step;
      }
      case 'madvise': {
        const { guest, address, pages } = this.region(step.region);
        const { page = 0, advice } = step;
        await this.ask(guest, {
          do: 'madvise',
          address: address + page * PAGE_SIZE,
          pages: step.count ?? pages - page,
          advice,
        });
        return { ...step, expect: this.observe() };
      }
      case 'unmap': {
        const { guest, address, pages } = this.region(step.region);
        this.regions.delete(step.region);
        await this.ask(guest, { do: 'unmap', address, pages });
        return { ...step, expect: this.observe() };
      }
      case 'exit':
        await this.end(step.guest);
        return { ...step, expect: this.observe() };
      case 'scan': {
        const seen: Observation[] = [];
        for (let i = 0; i < (step.times ?? 1); i++) {
          await this.ksm.batch(step.pages);
          seen.push(this.observe());
        }
        return { ...step, expect: step.times === undefined ? seen[0] : seen };
      }
    }
  }

  async close(): Promise<void> {
    for (const guest of [...this.processes.keys()]) await this.end(guest);
    this.ksm.close();
  }

  private observe(): Observation {
    const guests = [...this.processes].map(([guest, { pid = 0 }]) => [
      guest,
      this.ksm.observeProcess(pid),
    ]);
    return { counters: this.ksm.observe(), guests: Object.fromEntries(guests) };
  }

  private async end(guest: string): Promise<void> {
    const child = this.processes.get(guest);
    this.processes.delete(guest);
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  }

  private async ask(guest: string, command: ProcessCommand): Promise<void> {
    const child = this.processes.get(guest);
    if (child === undefined) throw new Error(`there is no guest ${guest}`);
    const answered = once(child, 'message');
    child.send(command);
    const [answer] = (await answered) as [true | string];
    if (answer !== true) throw new Error(`guest ${guest}: ${answer}`);
  }

  private region(name: string): { guest: string; address: number; pages: number } {
    const region = this.regions.get(name);
    if (region === undefined) throw new Error(`there is no region ${name}`);
    return region;
  }
}

const program = new Command('record')
  .description(
    "Plays a scenario on the running kernel's KSM and prints it with what its counters " +
      'read. Root only; nothing else may use KSM.',
  )
  .argument(
    '<file>',
    'a scenario; keep a guest with a mergeable region in it from the first scan to the last',
  )
  .addHelpText(
    'after',
    '\nExample:\n  npm run --silent record -- scenario.json > trace.json && ksmd replay ' +
      'trace.json\n',
  );
program.parse();
const [file = ''] = program.args;
const reason = whyNoKernel();
if (reason !== undefined) program.error(`record: ${reason}`, { exitCode: 1 });
const scenario = parseScenario(readFileSync(file, 'utf8'));
const recorder = new Recorder();
try {
  const ops: Op[] = [];
  for (const step of scenario.ops) {
    const taken = await recorder.take(step);
    if (taken !== undefined) ops.push(taken);
  }
  process.stdout.write(
    `${JSON.stringify({ ...scenario, kernel: release().split('-')[0], ops })}\n`,
  );
} finally {
  await recorder.close();
}
