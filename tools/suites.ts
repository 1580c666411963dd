/**
 * npm run suites: what LTP and the kernel's selftests ask of KSM, asked of the running kernel and
 * of ksmd. Prints a line a test and way, and what is not as it is to be. Exit status 0 if all is.
 */
import { writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { Command, Option } from 'commander';
import { whyNoKernel } from './record/kernel-at-hand.js';
import { type Check, failures, tally } from './suites/checks.js';
import { Stage, whyNot } from './suites/play.js';
import { isPlayed, LTP, SELFTESTS } from './suites/rows.js';
import { WAYS, type WayName } from './suites/ways/open.js';

interface Options {
  readonly on: readonly WayName[];
  readonly only?: string;
  readonly json?: string;
}

const program = new Command('suites')
  .description("Asks the running kernel's KSM and ksmd what LTP and the kernel's selftests ask.")
  .addOption(
    new Option('--on <way...>', 'the running kernel (root), ksmd over its socket or by its files')
      .choices(WAYS)
      .default([...WAYS]),
  )
  .option('--only <test>', 'this one alone')
  .option('--json <file>', 'write what was seen to this file, by way and test')
  .addHelpText(
    'after',
    "\nExample:\n  npm run suites -- --on kernel socket --only 'ksm_tests -M'\n",
  );
program.parse();
const { on, only, json } = program.opts<Options>();
const rows = [...LTP, ...SELFTESTS].filter(isPlayed);
const wanted = rows.filter(({ test }) => only === undefined || test === only);
if (wanted.length === 0)
  program.error(`suites: no test is called ${only}: ${rows.map(({ test }) => test).join(', ')}`);
const noKernel = on.includes('kernel') ? whyNoKernel() : undefined;
if (noKernel !== undefined) program.error(`suites: ${noKernel}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
const seen: Record<string, Record<string, readonly Check[]>> = {};
for (const way of on) {
  const stage = new Stage(way);
  const name = way === 'kernel' ? `Linux ${release()}` : `ksmd, ${way}`;
  try {
    for (const row of wanted) {
      const reason = whyNot(row, way);
      if (reason !== undefined) {
        console.log(`${name}: ${row.test}: not played, ${reason}`);
        continue;
      }
      const checks = await stage.play(row);
      seen[way] = { ...seen[way], [row.test]: checks };
      console.log(`${name}: ${row.test}: ${tally(checks)}`);
      for (const failure of failures(checks)) console.log(`  ${failure}`);
      if (failures(checks).length > 0) process.exitCode = 1;
    }
  } finally {
    await stage.close();
  }
}
if (json !== undefined) writeFileSync(json, `${JSON.stringify(seen, null, 1)}\n`);
