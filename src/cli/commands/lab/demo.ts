/** `ksmd demo`: a daemon of its own, two guests with the same memory, and what becomes of it. */
import { InvalidArgumentError } from 'commander';
import { DEFAULT_PAGE_SIZE } from '../../../names.js';
import { size as inWords } from '../../../wording/amounts.js';
import { DemoDaemon } from '../../demo/demo-daemon.js';
import { DemoLines } from '../../demo/demo-lines.js';
import { DemoLive } from '../../demo/demo-live.js';
import { type Audience, DemoPlay, GUESTS, type Scene } from '../../demo/demo-play.js';
import { isScreen } from '../../terminal/live-screen.js';
import type { Action } from '../../verb.js';

/** Of one guest: both, and the zeroes a daemon begins with, have room. */
const MEMORY_OF_GUESTS = 3;
/** The memory of a simulated machine, its records included, is 4 GiB at most. */
const MOST_SIZE = 2 ** 30;
/** Where nobody looks on, how often it is asked whether all has merged. */
const UNSEEN_MS = 100;

export const action: Action<[], { readonly size: number }> = async (
  { json, print, printJson },
  _values,
  { size },
) => {
  if (size === 0 || size % DEFAULT_PAGE_SIZE !== 0)
    throw new InvalidArgumentError(
      `EINVAL: --size: ${size} bytes are no whole pages of ${DEFAULT_PAGE_SIZE}, one or more`,
    );
  if (size > MOST_SIZE)
    throw new InvalidArgumentError(
      `ENOMEM: --size: ${inWords(size)} a guest is more than a demo has room for, ` +
        `${inWords(MOST_SIZE)} at most`,
    );
  const { stdin, stdout } = process;
  if (json) printJson(inJson(await played(size, { everyMs: UNSEEN_MS, see: () => {} }), size));
  else if (!isScreen(stdout)) await played(size, new DemoLines(print));
  else {
    const live = new DemoLive(stdout, stdin);
    try {
      await played(size, live);
    } finally {
      live.close();
    }
  }
  return undefined;
};

async function played(size: number, audience: Audience): Promise<Scene> {
  const daemon = await DemoDaemon.start(MEMORY_OF_GUESTS * size, size / DEFAULT_PAGE_SIZE);
  try {
    return await new DemoPlay(daemon.client, size, audience).play();
  } finally {
    await daemon.stop();
  }
}

/** That it comes to this at all says that every byte is as it was written. */
function inJson({ status, merged = status }: Scene, size: number): object {
  const { saved, memory } = status;
  const { scanner, counters } = merged;
  const { totalBytes, usedBytes } = memory;
  return {
    guests: GUESTS.map((guest) => ({ guest, bytes: size })),
    totalBytes,
    usedBytes,
    saved,
    fullScans: counters.full_scans,
    cpuMs: scanner.cpuMs,
    kernelCpuMs: scanner.kernelCpuMs,
  };
}
