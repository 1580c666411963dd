/**
 * The bench's report as a Markdown file with a picture for each phase in which memory came free,
 * all in one directory.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineLine, type Results, settingsLine } from '../results.js';
import { type Picture, picturesOf } from './curves.js';
import { svgOf } from './svg.js';
import { costsTable, countersTable, otherFigures, type Table, timesTable } from './tables.js';

/** Writes into `directory`, which exists. The Markdown file's path. */
export async function writeReport(directory: string, results: Results): Promise<string> {
  const pictures = picturesOf(results);
  for (const picture of pictures) {
    writeFileSync(
      join(directory, `${picture.name}.svg`),
      `${await svgOf(picture, [settingsLine(results), machineLine()])}\n`,
    );
  }
  const path = join(directory, 'report.md');
  writeFileSync(path, markdown(results, pictures));
  return path;
}

function markdown(results: Results, pictures: readonly Picture[]): string {
  const parts = [
    '# ksmd, measured',
    `${machineLine()}.\n${settingsLine(results)}.`,
    `\`\`\`sh\n${results.command}\n\`\`\``,
    `Hash of the work: \`${results.workHash}\`.`,
    '## Times',
    markdownTable(timesTable(results.rows)),
  ];
  if (pictures.length > 0) {
    parts.push(
      '## Free memory',
      'Of a host as large as four guests, from the last write of a copy until its last ' +
        'page has merged.',
    );
    for (const { name, title } of pictures)
      parts.push(`### ${name}`, `![${title}: free memory over time](${name}.svg)`);
  }
  for (const [title, table] of [
    ['What merging took of ksmd', costsTable(results.rows)],
    ['Counters at the end of each phase', countersTable(results.rows)],
  ] as const) {
    if (table.rows.length > 0) parts.push(`## ${title}`, markdownTable(table));
  }
  const others = results.rows.filter(
    (row) => otherFigures(row).length > 0 || row.listing !== undefined,
  );
  if (others.length > 0) parts.push('## Other figures');
  for (const row of others) {
    parts.push(
      `### ${row.phase}`,
      otherFigures(row)
        .map(([name, value]) => `- ${name}: ${value}`)
        .join('\n'),
    );
    if (row.listing !== undefined) parts.push(`\`\`\`\n${row.listing.join('\n').trim()}\n\`\`\``);
  }
  return `${parts.join('\n\n')}\n`;
}

function markdownTable({ head, align, rows }: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(head),
    line(align.map((side) => (side === 'right' ? '---:' : '---'))),
    ...rows.map(line),
  ].join('\n');
}
