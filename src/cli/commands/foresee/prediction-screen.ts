/** Predictions as a table: a row a setting, and below it what the figures rest on. */
import { table } from '../../terminal/tables.js';
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

export function predictionScreen(told: Told): string[] {
  return [
    headline(told),
    '',
    ...table(
      ['SETTINGS', ...FIGURES.map(({ head }) => head)],
      told.runs.map((run) => [settingsLabel(run.settings), ...figuresOf(run)]),
    ),
    '',
    ...basisSentences(told).flatMap((sentence) => sentence.split('\n')),
    ...leftOutSentences(told),
    ...priceSentence(told.prices).split('\n'),
    ...writeFaultSentence(told.prices).split('\n'),
  ];
}
