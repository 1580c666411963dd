import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const TESTS = join(import.meta.dirname, 'test');

/**
 * What takes long for its size, by which files are in order otherwise: at the end it would have one
 * of the workers wait for the other.
 */
const LONGEST = [
  'tools/load',
  'docs/console',
  'daemon/sysfs/directory',
  'cli/commands/guests/register-recording',
  'packaging/installed',
  'daemon/sysfs/picture/picture',
  'bench/bench',
  'daemon/sysfs/mount/hardship',
  'daemon/parts',
  'daemon/socket',
  'tools/suites',
  'conformance/kernel-traces',
  'daemon/log/log-output',
  'imports',
  'ksm/model',
].map((name) => join(TESTS, `${name}.test.ts`));

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => LONGEST.includes(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** Files that have modules replaced: these would stay replaced for the next one. */
const REPLACING = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  .map((name) => join(TESTS, name))
  .filter((path) => path.endsWith('.test.ts') && readFileSync(path, 'utf8').includes('vi.mock('));

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // On two cores there would be one, which waits for daemons half of the time.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      { extends: true, test: { name: 'apart', include: REPLACING } },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: REPLACING,
          // A process for each file, and ksmd loaded anew in it, takes a tenth of all the time.
          isolate: false,
          globalSetup: 'test/core/build-tested-core.ts',
        },
      },
    ],
  },
});
