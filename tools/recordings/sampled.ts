/** What samples of a recording say, beside all of it. */
import { join } from 'node:path';
import xxhash from 'xxhash-wasm';
import { estimate } from '../../src/estimate/estimate.js';
import { FINGERPRINT_BYTES } from '../../src/fingerprints/fingerprint.js';
import { PAGE_CONTENT, PAGE_KIND, PAGE_UNSAMPLED } from '../../src/recording/format.js';
import { RecordedHost } from '../../src/recording/recorded-host.js';
import { Recording } from '../../src/recording/recording.js';
import { Capturing } from './capturing.js';
import type { LiveHost } from './live-host.js';

const hasher = await xxhash();
const SAMPLES = [16, 64];
const LEAST_WITHIN = 0.95;

export async function sampled(host: LiveHost, folder: string, tries: number): Promise<boolean> {
  const path = join(folder, 'whole.rec');
  host.pause();
  const capturing = new Capturing(host.pids, path, ['--duration', '0']);
  await capturing.ended();
  host.goOn();
  const whole = await read(path);
  const truth = estimate(whole, { selection: 'advised' });
  let isRight = true;
  for (const oneIn of SAMPLES) {
    const within = { saved: 0, between: 0, within: 0 };
    let error = 0;
    for (let seed = 1; seed <= tries; seed++) {
      const told = estimate(sampleOf(whole, oneIn, seed), { selection: 'advised' });
      error = Math.max(error, told.saved.error / truth.saved.pages);
      for (const figure of ['saved', 'between', 'within'] as const)
        if (Math.abs(told[figure].pages - truth[figure].pages) <= told[figure].error)
          within[figure]++;
    }
    console.log(
      `one in ${oneIn}: of ${tries} samples saved is within its error ${within.saved} times ` +
        `(${(error * 100).toFixed(1)} % at most), between ${within.between}, within ` +
        `${within.within}`,
    );
    if (Object.values(within).some((times) => times < tries * LEAST_WITHIN)) isRight = false;
  }
  return isRight;
}

async function read(path: string): Promise<RecordedHost> {
  const recording = await Recording.open(path);
  const host = await recording.lastSweep();
  await recording.close();
  return host;
}

/** As another key would have had it: which contents are in the sample is another chance. */
function sampleOf(whole: RecordedHost, oneIn: number, seed: number): RecordedHost {
  const sample = new RecordedHost({ ...whole.header, sample: oneIn });
  const end = Math.ceil(2 ** 32 / oneIn);
  for (const [id, guest] of whole.guests) {
    sample.guests.set(id, guest);
    for (const { states, fingerprints } of guest.stretches.values())
      for (let page = 0; page < states.length; page++) {
        const state = states[page] ?? 0;
        const kind = state & PAGE_KIND;
        if (kind !== PAGE_CONTENT && kind !== PAGE_UNSAMPLED) continue;
        const at = page * FINGERPRINT_BYTES;
        const isIn = hasher.h32Raw(fingerprints.subarray(at, at + FINGERPRINT_BYTES), seed) < end;
        states[page] = (state & ~PAGE_KIND) | (isIn ? PAGE_CONTENT : PAGE_UNSAMPLED);
      }
  }
  return sample;
}
