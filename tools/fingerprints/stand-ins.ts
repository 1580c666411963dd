/**
 * What stands for pages in a replay: fingerprints, which are in an order of their own, or numbers
 * that are in the pages' order. A host cannot tell which, but for the shape of its trees.
 */
import type { StandIn } from '../../src/conformance/pages-beside.js';
import { Player } from '../../src/conformance/player.js';
import type { Scenario } from '../../src/conformance/scenario.js';
import { FINGERPRINT_BYTES, Fingerprinter } from '../../src/fingerprints/fingerprint.js';
import { FingerprintKey } from '../../src/fingerprints/key.js';
import type { KernelProfile } from '../../src/ksm/kernels.js';
import { DEFAULT_PAGE_SIZE } from '../../src/names.js';

/** Fingerprints by a key made of a number. */
export function byKey(number: number): StandIn {
  const key = new FingerprintKey(new Uint8Array(new Uint32Array(8).fill(number).buffer));
  const fingerprinter = new Fingerprinter(key, DEFAULT_PAGE_SIZE);
  return {
    frameBytes: FINGERPRINT_BYTES,
    of: (page) => Buffer.from(fingerprinter.of(asBuffer(page))),
  };
}

/** The place of a page among all that the scenario ever has, in order of their bytes. */
export function inOrder(scenario: Scenario, profile: KernelProfile): StandIn {
  const { frameBytes, of } = byKey(0);
  const pages = new Map<string, Uint8Array>();
  const nameOf = (page: Uint8Array): string => asBuffer(of(page)).toString('latin1');
  const met = (page: Uint8Array): Uint8Array => {
    pages.set(nameOf(page), page);
    return of(page);
  };
  met(new Uint8Array(DEFAULT_PAGE_SIZE));
  const player = new Player(scenario, profile, { frameBytes, of: met });
  for (const [index, step] of scenario.ops.entries()) player.play(step, index);
  const sorted = [...pages].sort(([, a], [, b]) => Buffer.compare(a, b));
  const places = new Map(sorted.map(([name], place) => [name, place]));
  return {
    frameBytes,
    of: (page) => {
      const bytes = Buffer.alloc(frameBytes);
      bytes.writeUInt32BE(places.get(nameOf(page)) ?? 0, frameBytes - 4);
      return bytes;
    },
  };
}

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
