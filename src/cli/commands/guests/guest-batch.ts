/**
 * Regions and short runs of pages on their way to a guest, many in a request: a process has ten
 * thousand mappings of a few pages. They come to be there in the order in which they were given,
 * none before it is full or `send` is called.
 */
import type { Client } from '../../../client/client.js';
import { MOST_RANGES, MOST_REGIONS } from '../../../names.js';
import type { AddressRange } from '../../../protocol/bytes.js';
import type { WantedRegion } from '../../../protocol/routes/guests.js';
import type { PageUpload } from './page-upload.js';

const BATCH_BYTES = 1024 * 1024;
/** Longer ones are no short ones: to copy them costs more than a request. */
const SHORT_BYTES = 64 * 1024;

export class GuestBatch {
  private regions: WantedRegion[] = [];
  private ranges: AddressRange[] = [];
  private readonly buffer = Buffer.allocUnsafeSlow(BATCH_BYTES);
  private bytes = 0;

  constructor(
    private readonly client: Client,
    private readonly upload: PageUpload,
    private readonly guest: string,
  ) {}

  /** Errors as of the client's `mapAll`, and of what is sent before. */
  async map(region: WantedRegion): Promise<void> {
    if (this.regions.length === MOST_REGIONS) await this.send();
    this.regions.push(region);
  }

  /** Whole pages. What is long is sent at once. Errors as of the upload's, and of `map`. */
  async store(address: number, pages: Uint8Array): Promise<void> {
    if (!GuestBatch.takes(pages)) {
      await this.send();
      await this.upload.store(this.guest, address, [pages]);
      return;
    }
    if (this.bytes + pages.length > BATCH_BYTES || this.ranges.length === MOST_RANGES)
      await this.send();
    this.buffer.set(pages, this.bytes);
    this.bytes += pages.length;
    this.ranges.push({ address, length: pages.length });
  }

  static takes(pages: Uint8Array): boolean {
    return pages.length <= SHORT_BYTES;
  }

  async send(): Promise<void> {
    const { client, upload, guest, regions, ranges, bytes } = this;
    this.regions = [];
    this.ranges = [];
    this.bytes = 0;
    if (regions.length > 0) await client.mapAll(guest, regions);
    if (ranges.length > 0)
      await upload.storeRanges(guest, ranges, [this.buffer.subarray(0, bytes)]);
  }
}
