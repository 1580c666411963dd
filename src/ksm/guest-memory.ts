/**
 * What guests hold, by name and address: bytes, or fingerprints of pages, and then by which key.
 *
 * Any thread of a machine may load and store; this is for the one that knows guests by name.
 */
import { KsmdError } from '../errors.js';
import { finish } from '../machine/long-work.js';
import type { Machine } from '../machine/machine.js';
import { regionParts } from '../machine/region-parts.js';
import type { NamedGuests } from './named-guests.js';

export class GuestMemory {
  /** Which key the fingerprints stored last were made with. */
  private lastKeyId: string | undefined;

  constructor(
    private readonly machine: Machine,
    private readonly guests: NamedGuests,
  ) {}

  /** Copies what the guest has at `address` into `target`. */
  load(guestName: string, address: number, target: Uint8Array): void {
    this.machine.load(this.guests.pointer(guestName), address, target);
  }

  /**
   * Stores `source` at `address`. ENOMEM says how many bytes were stored before frames
   * ran out.
   */
  store(guestName: string, address: number, source: Uint8Array): void {
    this.machine.storeLong(this.guests.pointer(guestName), address, source);
  }

  /**
   * Stores what frames are to hold of whole pages from `address` on, `frameBytes` a page: the pages
   * themselves, or their fingerprints. ENOMEM says how many bytes of it were stored.
   */
  storePages(guestName: string, address: number, contents: Uint8Array): void {
    this.machine.storePages(this.guests.pointer(guestName), address, contents);
  }

  /** Copies what frames hold of the page at `address` into `target`, `frameBytes`. EFAULT. */
  loadPage(guestName: string, address: number, target: Uint8Array): void {
    this.machine.loadPage(this.guests.pointer(guestName), address, target);
  }

  /** So many pages from `address` on are untouched again. Not where there are huge pages. */
  forget(guestName: string, address: number, pages: number): void {
    const { machine } = this;
    const vpn = address / machine.pageSize;
    for (const { region, first, count } of regionParts(
      machine.regions,
      this.guests.pointer(guestName),
      vpn,
      vpn + pages,
    ))
      finish(machine.dropPages(region, first, count));
  }

  /** Which key the fingerprints that it holds are made with; undefined while it holds none. */
  get keyId(): string | undefined {
    return this.machine.frames.used > 0 ? this.lastKeyId : undefined;
  }

  /**
   * From here on its fingerprints are of the key of that id. ENOTSUP where frames hold pages
   * themselves; EINVAL where they hold fingerprints of another key: none would be equal.
   */
  useKey(id: string): void {
    if (!this.machine.holdsFingerprints)
      throw new KsmdError(
        'ENOTSUP',
        'this host holds the bytes of pages: fingerprints are for a daemon with --fingerprints',
      );
    const { keyId = id } = this;
    if (keyId !== id)
      throw new KsmdError(
        'EINVAL',
        `the pages here are known by the key ${keyId}, and these by ${id}, so none would be ` +
          'equal: register takes the file of the first with --key',
      );
    this.lastKeyId = id;
  }

  /** EFAULT unless the guest's regions map all of the range. */
  assertMapped(guestName: string, address: number, length: number): void {
    this.machine.assertMapped(this.guests.pointer(guestName), address, length);
  }
}
