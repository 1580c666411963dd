/**
 * Takes a file as the daemon and `ksmd replay` do, and looks at what came of it. Whatever is thrown
 * here is a fault.
 */
import { writeFileSync } from 'node:fs';
import { profileOf } from '../../src/conformance/player.js';
import { parseScenario } from '../../src/conformance/scenario.js';
import { observed, verify } from '../../src/conformance/verify.js';
import { KsmdError } from '../../src/errors.js';
import { checkHost } from '../../src/inspect/check.js';
import { ManualClock } from '../../src/ksm/clock.js';
import { Host } from '../../src/ksm/host.js';
import { kernelProfile } from '../../src/ksm/kernels.js';
import { NAME_PATTERN } from '../../src/names.js';
import { Snapshot } from '../../src/snapshot/capture.js';
import { frameBytesOf } from '../../src/snapshot/format.js';
import { SnapshotFile } from '../../src/snapshot/restore.js';

const MEMORY_BYTES = 1 << 18;
/** Room for the tables of a host of fingerprints. */
const FINGERPRINT_BYTES = 1 << 21;
const LONGEST_SENTENCE = 500;
const SCANS = 3;

/** `taken`, or the errno that it was refused with. */
export type Taken = string;

export function takeSnapshot(path: string): Taken {
  return refusedOrTaken(() => {
    const host = restored(path);
    assertSound(host);
    for (let scan = 0; scan < SCANS; scan++) host.ksm.scan(10_000);
    assertSound(host);
    // What was taken once is taken again as it is written.
    writeFileSync(path, Buffer.concat([...Snapshot.take(host).chunks()]));
    return () => assertSound(restored(path));
  });
}

function restored(path: string): Host {
  const file = SnapshotFile.open(path);
  try {
    const { header } = file;
    const { pageSize } = header;
    const frameBytes = frameBytesOf(header);
    const host = Host.create(
      {
        memoryBytes: frameBytes === pageSize ? MEMORY_BYTES : FINGERPRINT_BYTES,
        pageSize,
        frameBytes,
        kernel: kernelProfile(header.kernel).name,
        guestPages: 4096,
        maxGuests: 64,
        maxRegions: 256,
      },
      new ManualClock(),
    );
    file.restoreTo(host, 0);
    return host;
  } finally {
    file.close();
  }
}

export function takeScenario(text: string): Taken {
  return refusedOrTaken(() => {
    const scenario = parseScenario(text);
    const profile = profileOf(scenario);
    assertSound(verify(scenario, profile).player.host);
    const seen = observed(scenario, profile);
    // A scenario with its own observations agrees with itself.
    return () => {
      const { difference, player } = verify(parseScenario(JSON.stringify(seen)), profile);
      if (difference !== undefined) throw new Error(`differs: ${JSON.stringify(difference)}`);
      assertSound(player.host);
    };
  });
}

/** `take` may refuse; what it returns, once it has not, may not. */
function refusedOrTaken(take: () => () => void): Taken {
  let again: () => void;
  try {
    again = take();
  } catch (error) {
    if (!(error instanceof KsmdError)) throw error;
    if (!/^[\P{C}]+$/u.test(error.message) || error.message.length > LONGEST_SENTENCE)
      throw new Error(`no printable sentence: ${JSON.stringify(error.message.slice(0, 1000))}`);
    return error.code;
  }
  again();
  return 'taken';
}

/** A recount agrees, every name is one, and every byte can be read. */
function assertSound(host: Host): void {
  const disagreements = checkHost(host);
  if (disagreements.length > 0) throw new Error(`check: ${disagreements.slice(0, 5).join('; ')}`);
  const name = new RegExp(NAME_PATTERN);
  for (const guest of host.guests.names()) {
    const regions = host.guests.regionsOf(guest);
    for (const named of [guest, ...regions.map((region) => region.name)])
      if (!name.test(named)) throw new Error(`a name that is none: ${JSON.stringify(named)}`);
    if (host.machine.frameBytes < host.machine.pageSize) continue;
    for (const { address, pages } of regions)
      host.memory.load(guest, address, new Uint8Array(pages * host.machine.pageSize));
  }
}
