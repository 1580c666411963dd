/** A host's KSM is as new as its number says, or as its newest file. */
import { describe, expect, test } from 'vitest';
import { versionOfHost } from '../../src/ksm/host-kernel.js';
import { kernelProfile } from '../../src/ksm/kernels.js';

/** What /sys/kernel/mm/ksm of that version has. */
function filesOf(version: string): string[] {
  const { counters, tunables } = kernelProfile(version);
  return [...counters, ...tunables];
}

describe('it is found', () => {
  test.each([
    [
      'by the number, where no file is newer',
      { release: '6.12.38-amd64', ksmFiles: filesOf('6.12') },
      { version: '6.12', by: 'by the number of 6.12.38-amd64, which has no newer files' },
    ],
    [
      'by the number, where no files are known',
      { release: '5.15.0-91-generic', ksmFiles: [] },
      {
        version: '5.15',
        by: 'by the number of 5.15.0-91-generic, as no files of KSM are known',
      },
    ],
    [
      'by the files, where an old number carries newer KSM',
      { release: '5.14.0-503.11.1.el9_5.x86_64', ksmFiles: filesOf('6.8') },
      {
        version: '6.8',
        by: 'by advisor_mode of 5.14.0-503.11.1.el9_5.x86_64, which came with 6.8',
      },
    ],
    [
      'by the newest of them',
      { release: '4.18.0-553.el8_10.x86_64', ksmFiles: [...filesOf('6.1'), 'general_profit'] },
      {
        version: '6.4',
        by: 'by general_profit of 4.18.0-553.el8_10.x86_64, which came with 6.4',
      },
    ],
    [
      'by the number, where a file is missing that it should have',
      { release: '6.12.0', ksmFiles: filesOf('6.12').filter((name) => !/across/.test(name)) },
      { version: '6.12', by: 'by the number of 6.12.0, which has no newer files' },
    ],
  ])('%s', (_how, host, found) => {
    expect(versionOfHost(host)).toEqual(found);
  });
});

test('what a release says beside its number does nothing to a terminal', () => {
  const { by } = versionOfHost({ release: '6.1.0\x1b[2J', ksmFiles: [] });
  expect(by).toBe('by the number of 6.1.0\\u001b[2J, as no files of KSM are known');
});

test('a release that is none is refused', () => {
  expect(() => versionOfHost({ release: 'unknown', ksmFiles: ['run'] })).toThrow(
    expect.objectContaining({ code: 'EINVAL' }),
  );
});
