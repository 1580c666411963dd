/** Predictions as a table: a row a setting, and below it what the figures rest on. */
import type { Run } from '../../../predict/outcome.js';
import { type Column, fittedTable } from '../../terminal/fitted-table.js';
import { prose, wrapped } from '../../terminal/rows.js';
import {
  basisSentences,
  FIGURES,
  figuresOf,
  guestSentence,
  headline,
  leftOutSentences,
  priceSentence,
  settingsLabel,
  type Told,
} from './prediction-told.js';
import { writeFaultSentence } from './write-fault.js';

/** What a narrow terminal does without, first to last. */
const SPARED: readonly string[] = ['HUGE LEFT', 'BREAKS/S', '99%', 'TO 50%', 'AT REST', 'CPU'];
/** So many of them before settings go on lines of their own. */
const SPARED_FOR_SETTINGS = 3;
const INDENT = '  ';

export function predictionScreen(told: Told, columns = Number.POSITIVE_INFINITY): string[] {
  const rest = [
    ...basisSentences(told),
    ...leftOutSentences(told),
    priceSentence(told),
    writeFaultSentence(told.prices),
    guestSentence(told),
  ];
  return [
    ...prose([headline(told)], columns),
    '',
    ...comparison(told.runs, columns),
    '',
    ...prose(rest, columns),
  ];
}

/**
 * Settings are what rows are told apart by: they are never shortened, and stand above their figures
 * where both have no room side by side.
 */
function comparison(runs: readonly Run[], columns: number): string[] {
  const settings = ({ settings }: Run): string => settingsLabel(settings);
  const beside = fittedTable(
    [{ head: 'SETTINGS', of: settings }, ...figureColumns(SPARED_FOR_SETTINGS)],
    runs,
    columns,
  );
  if (beside.every((line) => line.length <= columns)) return beside;
  const [heads, ...rows] = fittedTable(figureColumns(SPARED.length), runs, columns - INDENT.length);
  return [
    'SETTINGS',
    `${INDENT}${heads}`,
    ...runs.flatMap((run, at) => [...wrapped(settings(run), columns), `${INDENT}${rows[at]}`]),
  ];
}

/** `spared`: so many of them a narrow terminal does without. */
function figureColumns(spared: number): Column<Run>[] {
  return FIGURES.map(({ head }, at) => {
    const turn = SPARED.indexOf(head) + 1;
    const of = (run: Run): string => figuresOf(run)[at] ?? '';
    return { head, of, ...(turn === 0 || turn > spared ? {} : { goes: turn }) };
  });
}
