/**
 * The C library's functions that Node does not have, by way of koffi, which need not be installed.
 * Who needs one declares it; what fails tells its errno name.
 */
import { constants } from 'node:os';
import { type Errno, errnoOf, KsmdError } from './errors.js';

type Koffi = typeof import('koffi').default;
type Library = ReturnType<Koffi['load']>;

const NAMES = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, errnoOf(name)]),
);

export class LibC {
  private readonly library: Library;

  private constructor(private readonly koffi: Koffi) {
    this.library = koffi.load(null);
  }

  /** KsmdError ENOENT if koffi is not there, or not for this machine. */
  static async load(): Promise<LibC> {
    try {
      return new LibC((await import('koffi')).default);
    } catch {
      throw new KsmdError('ENOENT', 'koffi, an optional package, is not installed');
    }
  }

  /** By its prototype, as koffi writes them. */
  declare(prototype: string): ReturnType<Library['func']> {
    return this.library.func(prototype);
  }

  /** Memory that a call has returned, as so many bytes: not to be touched once it is unmapped. */
  view(pointer: unknown, bytes: number): ArrayBuffer {
    return this.koffi.view(pointer, bytes);
  }

  addressOf(pointer: unknown): number {
    return Number(this.koffi.address(pointer));
  }

  /** Of the call that has just failed. */
  errno(): Errno {
    return NAMES.get(this.koffi.errno()) ?? 'EIO';
  }
}
