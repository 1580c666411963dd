/** Who shares with whom as one page that needs nothing else. Its files are src/web/shared/. */
import { VERSION } from '../../../../version.js';
import { heatMapData } from '../../../../web/heat-map/heat-map-data.js';
import {
  GROUPS_HEAD,
  groupNames,
  guestTable,
  otherTables,
  type SharedTable,
  type SharedTold,
  sharedBasis,
  sharedHeadline,
} from '../shared-told.js';
import { html, type Markup } from './markup.js';
import { list, wholePage } from './whole-page.js';

export function sharedPage(told: SharedTold): Promise<string> {
  const groups = groupNames(told);
  const guests = guestTable(told);
  return wholePage('shared', heatMapData(told), {
    title: html`Who shares with whom on ${told.hosts.join(', ')}`,
    headline: html`${sharedHeadline(told)}`,
    groupsHead: html`${GROUPS_HEAD}`,
    groups:
      groups.length === 0
        ? html`<p>No two guests have in common half of what the larger one has.</p>`
        : list(groups),
    guestsTitle: html`${guests.title}`,
    guests: tableOf(guests),
    others: html`${otherTables(told).map(
      (each) => html`<div class="card"><h2>${each.title}</h2>${tableOf(each)}</div>
`,
    )}`,
    basis: list([...sharedBasis(told), `Of ${told.hosts.join(', ')}, told by ksmd ${VERSION}.`]),
  });
}

function tableOf({ title, columns, rows, note }: SharedTable): Markup {
  return html`<section class="wide scrolled" tabindex="0" aria-label="${title}"><table>
<thead><tr>${columns.map(({ head }) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${rows.map(
  ([first = '', ...cells]) =>
    html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
)}</tbody>
</table></section>${note === undefined ? '' : html`<p>${note}</p>`}`;
}
