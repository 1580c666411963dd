/** --kernel: a version of Linux, or that of a host; and what is told of it. */
import { readdirSync } from 'node:fs';
import { release } from 'node:os';
import { type HostKernel, versionOfHost } from '../ksm/host-kernel.js';
import { type KernelProfile, kernelProfile, nearestRecorded } from '../ksm/kernels.js';
import { versionOf } from '../ksm/records/kernel-versions.js';
import type { RecordingHeader } from '../recording/format.js';

/** That of the host, not of a version that is named. */
const HOST = 'host';
const KSM_FILES = '/sys/kernel/mm/ksm';
/** Before the names of these in a recording. */
const IN_RECORDING = 'ksm/';

export interface KernelChoice {
  readonly profile: KernelProfile;
  /** Which kernel it is like, and what it was found by: undefined where there is no more to say. */
  readonly note: string | undefined;
  /** It is that of the host, and the note says which this has. */
  readonly isOfHost: boolean;
}

/** EINVAL if that is no version that can be followed. `host`: what is known of it. */
export function chosenKernel(choice: string, host: () => HostKernel): KernelChoice {
  const found = choice === HOST ? versionOfHost(host()) : undefined;
  const profile = kernelProfile(found?.version ?? choice);
  const version = found?.version ?? versionOf(choice);
  const like = nearestRecorded(profile.name);
  const notes = [
    ...(found === undefined ? [] : [found.by]),
    ...(version === profile.name ? [] : [`${version} is newer than any whose source was read`]),
    ...(like === undefined ? [] : [`like ${like}`]),
  ];
  return {
    profile,
    note: notes.length === 0 ? undefined : notes.join('; '),
    isOfHost: found !== undefined,
  };
}

/** The machine at hand. */
export function runningKernel(): HostKernel {
  return { release: release(), ksmFiles: namesIn(KSM_FILES) };
}

/** The host as a recording has it. */
export function recordedKernel({ kernel, hostNumbers, facts }: RecordingHeader): HostKernel {
  const names = [...hostNumbers, ...Object.keys(facts)];
  return {
    release: kernel.split(' ', 1)[0] ?? kernel,
    ksmFiles: names.flatMap((name) =>
      name.startsWith(IN_RECORDING) ? [name.slice(IN_RECORDING.length)] : [],
    ),
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A kernel without KSM.
    return [];
  }
}
