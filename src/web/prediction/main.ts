/**
 * The script of a prediction's page: curves, from the JSON in the page. All else is there without
 * it.
 *
 * Bundled with what it imports, and written into the page: it loads nothing.
 */
import UPlot from 'uplot';
import { element } from '../elements.js';
import { PredictionCharts } from './charts.js';
import type { Curves } from './curves.js';

const curves = JSON.parse(element('data', HTMLScriptElement).text) as Curves;
element('curves', HTMLElement).hidden = false;
new PredictionCharts(element('charts', HTMLElement), UPlot, curves);
