/**
 * The script of a page that says who shares with whom: the heat map, from the JSON in the page. All
 * else is there without it.
 *
 * Bundled with what it imports, and written into the page: it loads nothing.
 */
import { element } from '../elements.js';
import { HeatMap } from '../heat-map/heat-map.js';
import type { HeatMapData } from '../heat-map/heat-map-data.js';

const data = JSON.parse(element('data', HTMLScriptElement).text) as HeatMapData;
element('map', HTMLElement).hidden = data.names.length < 2;
new HeatMap(element('heat-map', HTMLDivElement)).show(data);
