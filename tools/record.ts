/**
 * npm run record -- SCENARIO.json: plays a scenario on the running kernel's own KSM and prints it
 * with every counter after every step.
 */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { Command } from 'commander';
import { type Op, parseScenario } from '../src/conformance/scenario.js';
import { Guests } from './record/guests.js';
import { whyNoKernel } from './record/kernel-at-hand.js';
import { Recorder } from './record/recorder.js';

const program = new Command('record')
  .description(
    "Plays a scenario on the running kernel's KSM and prints it with what its counters " +
      'read. Root only; nothing else may use KSM.',
  )
  .argument(
    '<file>',
    'a scenario; keep a guest with a mergeable region in it from the first scan to the last',
  )
  .addHelpText(
    'after',
    '\nExample:\n  npm run --silent record -- scenario.json > trace.json && ksmd replay ' +
      'trace.json\n',
  );
program.parse();
const [file = ''] = program.args;
const reason = whyNoKernel();
if (reason !== undefined) program.error(`record: ${reason}`, { exitCode: 1 });
const scenario = parseScenario(readFileSync(file, 'utf8'));
const guests = await Guests.open();
const recorder = new Recorder(scenario, guests);
// However it comes to its end.
process.on('exit', () => {
  recorder.close();
  guests.close();
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
const ops: Op[] = [];
await recorder.begin();
for (const step of scenario.ops) {
  const taken = await recorder.take(step);
  if (taken !== undefined) ops.push(taken);
}
await recorder.endGuests();
const mappings = recorder.otherMappings();
process.stdout.write(
  `${JSON.stringify({
    ...scenario,
    kernel: release().split('-')[0],
    ...(mappings === undefined ? {} : { mappings }),
    ops,
  })}\n`,
);
process.exit();
