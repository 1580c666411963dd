/** The table of predictions at several widths. */
import { describe, expect, test } from 'vitest';
import { predictionScreen } from '../../../../src/cli/commands/foresee/prediction-screen.js';
import { run, samples, told } from '../../../web/prediction/told.js';

const SCREENS = new URL('../../../fixtures/screens/', import.meta.url);

function swept(settings: readonly Record<string, string>[]): ReturnType<typeof told> {
  return told(settings.map((each, at) => run(each, samples(60, 1 + at))));
}

const SWEEP = swept(
  ['100', '500'].flatMap((pages_to_scan) =>
    ['0', '1'].map((smart_scan) => ({ pages_to_scan, smart_scan })),
  ),
);
const TENANTS = swept(
  ['together', 'apart'].map((tenants) => ({ tenants, pages_to_scan: '100', smart_scan: '0' })),
);

describe.each([
  ['sweep', SWEEP],
  ['tenants', TENANTS],
])('of a prediction with %s', (name, of) => {
  test.each([40, 60, 80, 100])('as it is kept, at %i columns', async (columns) => {
    const lines = predictionScreen(of, columns);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    const kept = new URL(`predict-${name}-${columns}.txt`, SCREENS).pathname;
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(kept);
  });

  test('all of each setting is there, whatever the width', () => {
    for (let columns = 30; columns <= 120; columns++) {
      const text = predictionScreen(of, columns).join(' ').replaceAll(/ +/g, ' ');
      for (const { settings } of of.runs) {
        const label = Object.entries(settings).map(([setting, value]) => `${setting}=${value}`);
        expect(text).toContain(` ${label.join(' ')} `);
      }
    }
  });
});

test('what guests pay is told, from the least of the settings to the most', () => {
  const [one, two] = [3, 5].map((seconds) =>
    run(
      {},
      samples(60, 5).map((sample) => ({ ...sample, guest_cpu_seconds: seconds })),
    ),
  );
  if (one === undefined || two === undefined) throw new RangeError('no run');
  const said = (...runs: (typeof one)[]): string => predictionScreen(told(runs)).join('\n');
  expect(said(one)).toContain('\nGuests pay 3.0 s of processor time for such writes in all');
  expect(said(two, one)).toContain('\nGuests pay 3.0 s to 5.0 s, by setting, of processor time');
});
