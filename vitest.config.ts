import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/core/build-tested-core.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // On two cores there would be one, which waits for daemons half of the time.
    maxWorkers: 2,
  },
});
