/** A ksmd of the suites' own, whose guests are the processes. */
import type { Client } from '../../../src/client/client.js';
import { LoadedDaemon } from '../../load/daemon.js';
import { PAGE_SIZE } from '../memory.js';
import type { Advice, Footprint, KsmFiles, MapOptions, Process, Told, Way } from '../way.js';

/** Where the files of KSM and of processes are read and written. */
export interface Files {
  readonly ksm: KsmFiles;
  of(guest: string): Told;
}

export class KsmdWay implements Way {
  private readonly guests = new Set<string>();
  private named = 0;

  private constructor(
    private readonly daemon: LoadedDaemon,
    readonly files: Files,
    private readonly afterwards: () => void,
  ) {}

  /** Guests have `memoryBytes` together. `afterwards` is called once it has ended. */
  static async open(
    memoryBytes: number,
    options: readonly string[],
    filesOf: (client: Client) => Files,
    afterwards: () => void = () => {},
  ): Promise<KsmdWay> {
    const memory = `${memoryBytes / 2 ** 20}MiB`;
    const daemon = await LoadedDaemon.start(['--run', '0', '--memory', memory, ...options]);
    return new KsmdWay(daemon, filesOf(daemon.client), afterwards);
  }

  get client(): Client {
    return this.daemon.client;
  }

  read(name: string): Promise<number> {
    return this.files.ksm.read(name);
  }

  write(name: string, value: number): Promise<void> {
    return this.files.ksm.write(name, value);
  }

  async start(): Promise<Process> {
    const guest = this.nextName();
    await this.client.createGuest(guest);
    return this.begun(guest);
  }

  nextName(): string {
    return `process-${++this.named}`;
  }

  begun(guest: string): Process {
    this.guests.add(guest);
    return new GuestProcess(guest, this);
  }

  async end(guest: string): Promise<void> {
    this.guests.delete(guest);
    await this.client.removeGuest(guest);
  }

  async clear(): Promise<void> {
    for (const guest of [...this.guests].reverse()) await this.end(guest);
  }

  async close(): Promise<void> {
    await this.daemon.stop();
    this.afterwards();
  }
}

class GuestProcess implements Process {
  private readonly told: Told;

  constructor(
    private readonly guest: string,
    private readonly way: KsmdWay,
  ) {
    this.told = way.files.of(guest);
  }

  async map(address: number, length: number, { huge = false, node }: MapOptions): Promise<void> {
    await this.way.client.map(this.guest, `at-${address}`, {
      address,
      pages: length / PAGE_SIZE,
      mergeable: false,
      huge,
      ...(node === undefined ? {} : { node }),
    });
  }

  store(address: number, bytes: Uint8Array): Promise<void> {
    return this.way.client.store(this.guest, address, bytes);
  }

  async load(address: number, length: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.way.client.load(this.guest, address, length)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  advise(address: number, length: number, advice: Advice): Promise<void> {
    return this.way.client.madvise(this.guest, advice, { address, length });
  }

  async fork(): Promise<Process> {
    const child = this.way.nextName();
    await this.way.client.fork(this.guest, child);
    return this.way.begun(child);
  }

  async setMemoryMerge(merge: boolean): Promise<void> {
    await this.way.client.prctl(this.guest, merge);
  }

  async memoryMerge(): Promise<boolean> {
    return (await this.way.client.guest(this.guest)).mergesAny;
  }

  async exec(): Promise<void> {
    await this.way.client.exec(this.guest);
  }

  ksmStat(): Promise<Readonly<Record<string, string>>> {
    return this.told.ksmStat();
  }

  ksmMergingPages(): Promise<number> {
    return this.told.ksmMergingPages();
  }

  footprint(): Promise<Footprint> {
    return this.told.footprint();
  }

  exit(): Promise<void> {
    return this.way.end(this.guest);
  }
}
