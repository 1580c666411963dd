/** Snapshots to files and back, in tests. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PTE_FRAME, SLOT_WORDS } from '../../src/core/layout.js';
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

/** Of which NUMA node each page's frame is; -1 where it has none. */
export function numaNodesIn(host: Host): number[] {
  const { machine } = host;
  return host.guests.names().flatMap((name) =>
    host.guests.regionsOf(name).flatMap((region) => {
      const first = host.guests.firstSlot(name, region.name);
      return Array.from({ length: region.pages }, (_, page) => {
        const frame = machine.memory.i32[first + page * SLOT_WORDS + PTE_FRAME];
        return frame === 0 ? -1 : machine.frames.numaNode(frame);
      });
    }),
  );
}

/** All that guests can see, and which pages are mergeable is theirs to know too. */
export function visibleIn(host: Host) {
  return host.guests.names().map((name) => ({
    name,
    node: host.guests.node(name),
    mergesAny: host.mergesAny(name),
    regions: host.guests.regionsOf(name).map((region) => {
      const bytes = new Uint8Array(region.pages * host.machine.pageSize);
      host.memory.load(name, region.address, bytes);
      return { ...region, bytes: Buffer.from(bytes).toString('base64') };
    }),
  }));
}
