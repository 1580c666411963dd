/** Snapshots to files and back, in tests. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host, type HostOptions } from '../../src/ksm/host.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import { Snapshot } from '../../src/snapshot/capture.js';
import { SnapshotFile } from '../../src/snapshot/restore.js';

export class Directory {
  readonly path = mkdtempSync(join(tmpdir(), 'ksmd-snapshot-'));
  private readonly file = join(this.path, 'snapshot');

  /** Opens a file of these bytes, and closes it after `use`. */
  open<T>(bytes: Uint8Array, use: (file: SnapshotFile) => T): T {
    writeFileSync(this.file, bytes);
    const file = SnapshotFile.open(this.file);
    try {
      return use(file);
    } finally {
      file.close();
    }
  }

  /** A new host with what is in these bytes. */
  restore(bytes: Uint8Array, options: Partial<HostOptions> = {}): Host {
    return this.open(bytes, (file) => {
      const { pageSize } = file.header;
      const host = Host.create(
        {
          memoryBytes: 400 * pageSize,
          pageSize,
          guestPages: 600,
          kernel: file.header.kernel as ProfileName,
          ...options,
        },
        new ManualClock(),
      );
      file.restoreTo(host, 0);
      return host;
    });
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

export function snapshotOf(host: Host): Uint8Array {
  return Uint8Array.from(Buffer.concat([...Snapshot.take(host).chunks()]));
}

/** All that guests can see, and which pages are mergeable is theirs to know too. */
export function visibleIn(host: Host): unknown {
  return host.guestNames().map((name) => ({
    name,
    node: host.guestNode(name),
    regions: host.regionsOf(name).map((region) => {
      const bytes = new Uint8Array(region.pages * host.machine.pageSize);
      host.load(name, region.address, bytes);
      return { ...region, bytes: Buffer.from(bytes).toString('base64') };
    }),
  }));
}
