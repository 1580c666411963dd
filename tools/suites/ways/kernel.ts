/**
 * The KSM of the running kernel: its files, and real processes, those of recordings.
 *
 * Root only, and nothing else may use KSM. Each file that was written is put back.
 */
import { type Guest, Guests } from '../../record/guests.js';
import { SYSFS, whyNoKernel } from '../../record/kernel-at-hand.js';
import { MemoryCgroup } from '../../record/memory-cgroup.js';
import { Settings } from '../../record/settings.js';
import type { Advice, Footprint, MapOptions, Process, Way } from '../way.js';
import { ProcessFiles } from './process-files.js';

export class KernelWay implements Way {
  private readonly settings = new Settings(SYSFS);
  private readonly processes: KernelProcess[] = [];
  private readonly putBack = (): void => {
    this.settings.write('run', 2);
    this.settings.putBack();
  };

  private constructor(
    private readonly guests: Guests,
    private readonly cgroup: MemoryCgroup | undefined,
  ) {
    // However it comes to its end.
    process.on('exit', this.putBack);
  }

  /** Processes have `memoryBytes` together, where that is said. */
  static async open(memoryBytes?: number): Promise<KernelWay> {
    const reason = whyNoKernel();
    if (reason !== undefined) throw new Error(reason);
    const cgroup = memoryBytes === undefined ? undefined : MemoryCgroup.make(memoryBytes);
    return new KernelWay(await Guests.open(), cgroup);
  }

  read(name: string): Promise<number> {
    return Promise.resolve(Number(this.settings.read(name)));
  }

  async write(name: string, value: number): Promise<void> {
    this.settings.write(name, value);
  }

  async start(): Promise<Process> {
    const guest = await this.guests.start();
    this.cgroup?.add(guest.pid);
    return this.begun(guest);
  }

  begun(guest: Guest): Process {
    const process = new KernelProcess(guest, this);
    this.processes.push(process);
    return process;
  }

  ended(process: KernelProcess): void {
    this.processes.splice(this.processes.indexOf(process), 1);
  }

  async clear(): Promise<void> {
    for (const process of [...this.processes].reverse()) await process.exit();
  }

  async close(): Promise<void> {
    await this.clear();
    process.off('exit', this.putBack);
    this.putBack();
    this.guests.close();
    await this.cgroup?.remove();
  }
}

class KernelProcess implements Process {
  private readonly files: ProcessFiles;

  constructor(
    private readonly guest: Guest,
    private readonly way: KernelWay,
  ) {
    this.files = new ProcessFiles(`/proc/${guest.pid}`);
  }

  async map(address: number, length: number, { huge = false, node }: MapOptions): Promise<void> {
    await this.guest.map(address, length, huge);
    if (node !== undefined) await this.guest.bindMapping(address, length, node);
  }

  store(address: number, bytes: Uint8Array): Promise<void> {
    return this.guest.write(address, bytes);
  }

  load(address: number, length: number): Promise<Uint8Array> {
    return this.guest.read(address, length);
  }

  async advise(address: number, length: number, advice: Advice): Promise<void> {
    assertTaken('madvise', await this.guest.advise(address, length, advice));
  }

  async fork(): Promise<Process> {
    return this.way.begun(await this.guest.fork());
  }

  async setMemoryMerge(merge: boolean): Promise<void> {
    assertTaken('prctl', await this.guest.prctl(merge));
  }

  memoryMerge(): Promise<boolean> {
    return this.guest.mergesAny();
  }

  exec(): Promise<void> {
    return this.guest.exec();
  }

  ksmStat(): Promise<Readonly<Record<string, string>>> {
    return this.files.ksmStat();
  }

  ksmMergingPages(): Promise<number> {
    return this.files.ksmMergingPages();
  }

  async footprint(): Promise<Footprint> {
    return this.files.footprint('smaps', (address) => this.guest.isOwn(address));
  }

  async exit(): Promise<void> {
    this.way.ended(this);
    process.kill(this.guest.pid, 'SIGSEGV');
    await this.guest.end();
  }
}

function assertTaken(call: string, code: string | undefined): void {
  if (code !== undefined) throw Object.assign(new Error(`${call}: ${code}`), { code });
}
