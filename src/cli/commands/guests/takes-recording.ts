/** Whether a daemon's pages can be compared with those of a recording. */
import type { Client } from '../../../client/client.js';
import { KsmdError } from '../../../errors.js';
import type { RecordingHeader } from '../../../recording/format.js';

/** EINVAL, and what to do, if the daemon's pages cannot be compared with the recording's. */
export async function assertTakes(client: Client, header: RecordingHeader): Promise<void> {
  const { fingerprints, pageSize } = await client.status();
  const { sample, keyId } = header;
  const starting =
    `'ksmd start --fingerprints${sample > 1 ? ` --sample 1/${sample}` : ''}' starts one ` +
    'that takes it';
  const held = (oneIn: number): string => (oneIn === 1 ? 'all pages' : `1 page in ${oneIn}`);
  if (fingerprints === undefined)
    throw new KsmdError(
      'EINVAL',
      `the daemon holds bytes of pages, of which a recording has none: ${starting}`,
    );
  if (fingerprints.oneIn !== sample)
    throw new KsmdError(
      'EINVAL',
      `the daemon holds ${held(fingerprints.oneIn)}, and the recording has ${held(sample)}: ` +
        starting,
    );
  if (pageSize !== header.pageSize)
    throw new KsmdError(
      'EINVAL',
      `the daemon's pages are of ${pageSize} bytes, and the recording's of ${header.pageSize}`,
    );
  if (fingerprints.keyId !== undefined && fingerprints.keyId !== keyId)
    throw new KsmdError(
      'EINVAL',
      `the daemon's pages are known by the key ${fingerprints.keyId}, and the recording's by ` +
        `${keyId}: none would be equal. Another daemon takes it`,
    );
}
