/** Predictions as a table: a row a setting, and below it what the figures rest on. */
import type { Run } from '../../../predict/outcome.js';
import { fittedTable } from '../../terminal/fitted-table.js';
import { prose } from '../../terminal/rows.js';
import {
  basisSentences,
  FIGURES,
  figuresOf,
  headline,
  leftOutSentences,
  priceSentence,
  settingsLabel,
  type Told,
} from './prediction-told.js';
import { writeFaultSentence } from './write-fault.js';

/** What a narrow terminal does without, first to last. */
const SPARED: readonly string[] = ['HUGE', 'BREAKS/S', '99%', 'TO 50%', 'AT REST', 'CPU'];

export function predictionScreen(told: Told, columns = Number.POSITIVE_INFINITY): string[] {
  const figures = FIGURES.map(({ head }, at) => {
    const turn = SPARED.indexOf(head) + 1;
    const of = (run: Run): string => figuresOf(run)[at] ?? '';
    return { head, of, ...(turn === 0 ? {} : { goes: turn }) };
  });
  const settings = (run: Run): string => settingsLabel(run.settings);
  const rest = [
    ...basisSentences(told),
    ...leftOutSentences(told),
    priceSentence(told),
    writeFaultSentence(told.prices),
  ];
  return [
    ...prose([headline(told)], columns),
    '',
    ...fittedTable(
      [{ head: 'SETTINGS', of: settings, isName: true }, ...figures],
      told.runs,
      columns,
    ),
    '',
    ...prose(rest, columns),
  ];
}
