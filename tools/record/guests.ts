/**
 * The guests of a recording: processes that do to their memory what they are told. Each runs
 * guest.c, which is compiled first, as a process of Node.js does not go on after a fork.
 *
 * They end when their recorder does.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getSystemErrorName } from 'node:util';
import { type Resident, residentIn } from './resident.js';

const SOURCE = fileURLToPath(new URL('guest.c', import.meta.url));
const COMMANDS = {
  map: 0,
  write: 1,
  advise: 2,
  unmap: 3,
  bind: 4,
  fork: 5,
  look: 6,
  prctl: 7,
  exec: 8,
  merges: 9,
} as const;
/** MADV_ */
const ADVICE = {
  dontneed: 4,
  mergeable: 12,
  unmergeable: 13,
  hugepage: 14,
  nohugepage: 15,
  collapse: 25,
} as const;
export type GuestAdvice = keyof typeof ADVICE;

const NUMBER_BYTES = 8;
const PAGE_SIZE = 4096;

/** The program, compiled, and the socket that its processes connect to. */
export class Guests {
  private constructor(
    private readonly folder: string,
    private readonly server: Server,
  ) {}

  static async open(): Promise<Guests> {
    const folder = mkdtempSync(join(tmpdir(), 'ksmd-record-'));
    const guests = new Guests(folder, createServer());
    try {
      execFileSync('cc', ['-O2', '-o', guests.program, SOURCE], { stdio: 'pipe' });
      guests.server.listen(guests.socket);
      await once(guests.server, 'listening');
      return guests;
    } catch (error) {
      guests.close();
      throw new Error('guests are a program of C: there must be a compiler, cc', { cause: error });
    }
  }

  /** A new process. */
  async start(): Promise<Guest> {
    spawn(this.program, [this.socket], { stdio: 'ignore' });
    return this.connected();
  }

  /** The next that connects. */
  async connected(): Promise<Guest> {
    const [socket] = (await once(this.server, 'connection')) as [Socket];
    return Guest.of(this, socket);
  }

  close(): void {
    this.server.close();
    rmSync(this.folder, { recursive: true });
  }

  private get program(): string {
    return join(this.folder, 'guest');
  }

  private get socket(): string {
    return join(this.folder, 'socket');
  }
}

/** One process. Addresses and lengths are bytes. What is refused is thrown, but in `advise`. */
export class Guest {
  private readonly gone: Promise<unknown>;

  private constructor(
    private readonly guests: Guests,
    private readonly socket: Socket,
    readonly pid: number,
    /** By address, in bytes. */
    private readonly mappings: Map<number, number>,
  ) {
    this.gone = once(socket, 'close');
  }

  static async of(guests: Guests, socket: Socket): Promise<Guest> {
    return new Guest(guests, socket, await numberFrom(socket), new Map());
  }

  /** Nothing of it is touched yet. */
  async map(address: number, length: number, huge: boolean): Promise<void> {
    await this.demand('map', address, length, 0);
    this.mappings.set(address, length);
    await this.demand('advise', address, length, huge ? ADVICE.hugepage : ADVICE.nohugepage);
  }

  async write(address: number, bytes: Uint8Array): Promise<void> {
    const written = this.tell('write', address, bytes.length, 0);
    this.socket.write(bytes);
    assertTaken('write', await written);
  }

  /** Root only. */
  async read(address: number, length: number): Promise<Uint8Array> {
    const memory = await open(`/proc/${this.pid}/mem`);
    try {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await memory.read(bytes, 0, length, address);
      if (bytesRead !== length) throw new Error(`a guest has ${bytesRead} of ${length} bytes`);
      return bytes;
    } finally {
      await memory.close();
    }
  }

  /** The name of the errno with which the kernel refuses it, if it does. */
  async advise(address: number, length: number, advice: GuestAdvice): Promise<string | undefined> {
    const errno = await this.tell('advise', address, length, ADVICE[advice]);
    return errno === 0 ? undefined : getSystemErrorName(-errno);
  }

  async unmap(address: number, length: number): Promise<void> {
    await this.demand('unmap', address, length, 0);
    this.mappings.delete(address);
  }

  /** Further pages come from that NUMA node. */
  async bind(node: number): Promise<void> {
    await this.demand('bind', 0, 0, node);
  }

  /** Further pages of a mapping come from that NUMA node, whatever others do. */
  async bindMapping(address: number, length: number, node: number): Promise<void> {
    await this.demand('bind', address, length, node);
  }

  /** PR_GET_MEMORY_MERGE. */
  async mergesAny(): Promise<boolean> {
    const answer = await this.tell('merges', 0, 0, 0);
    if (answer > 1) assertTaken('merges', answer);
    return answer === 1;
  }

  /**
   * PR_SET_MEMORY_MERGE. The name of the errno with which the kernel refuses it, if it does. Of the
   * process's own mappings KSM is to see none.
   */
  async prctl(merge: boolean): Promise<string | undefined> {
    const errno = await this.tell('prctl', 0, 0, merge ? 1 : 0);
    if (errno !== 0) return getSystemErrorName(-errno);
    if (merge) await this.hideOtherMappings();
    return undefined;
  }

  /** It becomes the same program anew, without its mappings; what it had set by prctl stays. */
  async exec(): Promise<void> {
    await this.demand('exec', 0, 0, 0);
    this.mappings.clear();
    await this.hideOtherMappings();
  }

  /** Its child, with all it has, shared copy-on-write. */
  async fork(): Promise<Guest> {
    const connected = this.guests.connected();
    await this.demand('fork', 0, 0, 0);
    const child = await connected;
    for (const [address, length] of this.mappings) child.mappings.set(address, length);
    return child;
  }

  /** Reads every page of its mappings that is there: khugepaged takes it for used. */
  async look(): Promise<void> {
    for (const [address, length] of this.mappings) await this.demand('look', address, length, 0);
  }

  /** How many mappings it has besides, which khugepaged steps over. */
  otherMappings(): number {
    return this.others().length;
  }

  /** Whether it has mapped what is at the address for itself. */
  isOwn(address: number): boolean {
    return [...this.mappings].some(
      ([start, length]) => address >= start && address < start + length,
    );
  }

  /** What of its mappings is resident. */
  resident(): Resident {
    const smaps = readFileSync(`/proc/${this.pid}/smaps`, 'latin1');
    return residentIn(smaps, (address) => this.isOwn(address), PAGE_SIZE);
  }

  /** It ends; its memory is given back by then. */
  async end(): Promise<void> {
    this.socket.end();
    this.socket.resume();
    // The kernel lets go of a process's memory before it closes its files.
    await this.gone;
  }

  /** Its program, libraries and stack. */
  private others(): { readonly from: number; readonly to: number }[] {
    const maps = readFileSync(`/proc/${this.pid}/maps`, 'latin1').trimEnd().split('\n');
    return (
      maps
        // The gate is no mapping of the process's.
        .filter((line) => !line.endsWith('[vsyscall]'))
        .map((line) => line.split(/[- ]/).map((part) => Number.parseInt(part, 16)))
        .map(([from = 0, to = 0]) => ({ from, to }))
        .filter(({ from }) => !this.isOwn(from))
    );
  }

  /** Takes its program, libraries and stack out of KSM's sight; some never are in it. */
  private async hideOtherMappings(): Promise<void> {
    for (const { from, to } of this.others()) await this.advise(from, to - from, 'unmergeable');
  }

  private async demand(
    command: keyof typeof COMMANDS,
    address: number,
    length: number,
    value: number,
  ): Promise<void> {
    assertTaken(command, await this.tell(command, address, length, value));
  }

  /** Its answer: 0 or an errno. */
  private tell(
    command: keyof typeof COMMANDS,
    address: number,
    length: number,
    value: number,
  ): Promise<number> {
    const numbers = [COMMANDS[command], address, length, value].map(BigInt);
    this.socket.write(new Uint8Array(BigUint64Array.from(numbers).buffer));
    return numberFrom(this.socket);
  }
}

async function numberFrom(socket: Socket): Promise<number> {
  for (;;) {
    const bytes: Buffer | null = socket.read(NUMBER_BYTES);
    if (bytes !== null) return Number(bytes.readBigInt64LE());
    const ended = new AbortController();
    const end = (): void => ended.abort(new Error('a guest has ended'));
    socket.once('close', end);
    await once(socket, 'readable', { signal: ended.signal });
    socket.off('close', end);
  }
}

function assertTaken(command: string, errno: number): void {
  if (errno !== 0) throw new Error(`a guest cannot ${command}: ${getSystemErrorName(-errno)}`);
}
