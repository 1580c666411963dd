/**
 * npm run fingerprints: scenarios played on hosts that hold pages, and on hosts that hold 16 bytes
 * in place of each. Exit status 1 if these count otherwise for any other reason than that
 * fingerprints are in an order of their own: numbers in the pages' order must give every counter,
 * every time; fingerprints what is merged and resident once a host is at rest.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { profileOf } from '../src/conformance/player.js';
import { parseScenario, type Scenario } from '../src/conformance/scenario.js';
import { compared, type Difference } from './fingerprints/compared.js';
import { randomScenario } from './fingerprints/random-scenario.js';
import { byKey, inOrder } from './fingerprints/stand-ins.js';

/** What no order of the trees may change, once all that can merge has. */
const AT_REST = ['pages_shared', 'pages_sharing', 'pages_unshared', 'pages_volatile'];
const AT_REST_TOO = ['ksm_zero_pages', 'frames', 'guest rss'];

const program = new Command('fingerprints')
  .description('Holds the counters of fingerprints against those of pages.')
  .argument('[files...]', 'recorded scenarios')
  .option('--count <n>', 'random ones besides', Number, 500)
  .option('--seed <n>', 'of the first of these; each has the next one', Number, Date.now() % 1e6);
program.parse();
const { count, seed } = program.opts<{ count: number; seed: number }>();

/** What came of all scenarios of a kind. */
class Tally {
  scenarios = 0;
  observations = 0;
  differing = 0;
  readonly counters = new Map<string, Difference & { scenarios: number }>();

  add(observations: number, differences: ReadonlyMap<string, Difference>): void {
    this.scenarios++;
    this.observations += observations;
    if (differences.size > 0) this.differing++;
    for (const [name, { times, most }] of differences) {
      const before = this.counters.get(name) ?? { times: 0, most: 0, scenarios: 0 };
      this.counters.set(name, {
        times: before.times + times,
        most: Math.max(before.most, most),
        scenarios: before.scenarios + 1,
      });
    }
  }

  print(what: string): void {
    const { scenarios, observations, differing } = this;
    console.log(
      `${what}: ${scenarios - differing} of ${scenarios} scenarios agree in every counter, each ` +
        `of ${observations.toLocaleString('en')} times`,
    );
    for (const [name, of] of [...this.counters].sort(([, a], [, b]) => b.times - a.times))
      console.log(
        `  ${name.padEnd(24)} differs ${of.times} times in ${of.scenarios} of them, by ` +
          `${of.most} at most`,
      );
  }
}

const [ordered, keyed, atRest] = [new Tally(), new Tally(), new Tally()];
const wrong: string[] = [];

function take(name: string, scenario: Scenario, key: number): void {
  const profile = profileOf(scenario);
  const inPages = compared(scenario, profile, inOrder(scenario, profile));
  ordered.add(inPages.observations, inPages.differences);
  if (inPages.differences.size + inPages.atRest.size > 0) wrong.push(`${name}, in order`);
  const inOwn = compared(scenario, profile, byKey(key));
  keyed.add(inOwn.observations, inOwn.differences);
  atRest.add(1, inOwn.atRest);
  for (const counter of [...AT_REST, ...AT_REST_TOO])
    if (inOwn.atRest.has(counter)) wrong.push(`${name}, at rest: ${counter}`);
}

for (const file of program.args) take(file, parseScenario(readFileSync(file, 'utf8')), 1);
if (count > 0) console.log(`random scenarios from seed ${seed} on`);
for (let at = seed; at < seed + count; at++) take(`seed ${at}`, randomScenario(at), at);
ordered.print('16 bytes in the order of pages');
keyed.print('fingerprints');
atRest.print('fingerprints, at rest');
for (const line of wrong) console.error(line);
if (wrong.length > 0) process.exitCode = 1;
