/** The verb that says of many hosts what estimate and shared say of one. */
import { Argument, Option } from 'commander';
import { parseBytes, parseCount, parsePart, parsePositive, parseSample } from '../../values.js';
import { verb } from '../../verb.js';

export const fleet = verb({
  name: 'fleet',
  summary: 'keep recordings of many hosts as Parquet, and say who belongs with whom',
  details: [
    'add: puts recordings into the fleet in DIR, which the first one makes. What is there ' +
      'already is passed over; any number may add at once.',
    'report: what each host has, what its KSM saves now and could, and which contents most pages ' +
      'have, as the newest recorded day of each host has it.',
    'pairs: which guests are alike, and which two have most in common.',
    'place: which guests belong on one host, so that most is saved and no host has too little ' +
      'memory, and what has to move for that.',
    'sql: prints the query of a name, for any engine that knows the tables.',
    'DuckDB answers, which is installed beside ksmd: npm install -g @duckdb/node-api. Or Spark ' +
      'does, where it is.',
  ],
  arguments: [
    new Argument('<action>', 'what to do').choices(['add', 'report', 'pairs', 'place', 'sql']),
    new Argument('<dir>', 'where the fleet is; of sql, the name of a query'),
    new Argument('[recording...]', 'of add: what ksmd capture has written, with one key'),
  ],
  options: [
    new Option('--sample <1/n>', 'of a new fleet: keep one content in so many').argParser(
      parseSample,
    ),
    new Option('--engine <name>', 'who answers (default: duckdb)').choices(['duckdb', 'spark']),
    new Option(
      '--spark-sql <command>',
      "Spark's command line, with what it is to be told (default: spark-sql)",
    ),
    new Option('--top <n>', 'of hosts and pairs, so many (default: 20)').argParser(parsePositive),
    new Option(
      '--hosts <n>',
      'of place: on so many hosts (default: as many as there are)',
    ).argParser(parsePositive),
    new Option('--memory <size>', 'of place: what each host has for guests').argParser(parseBytes),
    new Option('--tenants <file>', "of place: lines 'PATTERN TENANT'; no host has two of them"),
    new Option(
      '--max-moves <k>',
      'of place: from where guests are now, move so many at most',
    ).argParser(parseCount),
    new Option(
      '--margin <percent>',
      'of place: of what is saved between guests, so much is kept free: writes break it apart ' +
        '(default: 25%)',
    ).argParser(parsePart),
  ],
  examples: [
    'ksmd fleet add fleet host1.rec host2.rec',
    'ksmd fleet report fleet',
    'ksmd fleet place fleet --hosts 10 --memory 256GiB --max-moves 50',
    'ksmd fleet sql report',
  ],
  json: true,
  socket: false,
  load: () => import('./fleet.js'),
});
