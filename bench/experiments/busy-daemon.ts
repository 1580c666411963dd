/** A daemon that scans without a pause and looks at every page in every scan: the bench's own. */
import { kernelProfile, type ProfileName } from '../../src/ksm/kernels.js';
import { LoadedDaemon } from '../../tools/load/daemon.js';

export async function busyDaemon(memoryBytes: number, profile: ProfileName): Promise<LoadedDaemon> {
  const daemon = await LoadedDaemon.start([
    ...['--memory', String(memoryBytes), '--kernel', profile],
    ...['--pages-to-scan', '99999', '--sleep-ms', '0'],
  ]);
  if (kernelProfile(profile).smartScan) await daemon.client.setKsm({ smart_scan: 0 });
  return daemon;
}
