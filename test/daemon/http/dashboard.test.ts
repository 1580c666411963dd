/** All that the dashboard's page loads is served, whether there is a browser to load it or not. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DaemonProcess } from '../../daemon-process.js';

/** In what is loaded: of HTML, of modules, of styles. */
const LOADED = [
  /\b(?:src|href)="([^"#]+)"/g,
  /^(?:import|export) .*?\bfrom ['"]([^'"]+)['"]/gms,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  /@import\s+(?:url\()?['"]([^'"]+)['"]/g,
];

let daemon: DaemonProcess;
beforeAll(async () => {
  daemon = await DaemonProcess.start(['--run', '0']);
});
afterAll(() => daemon.stop());

test('every module and style that the page loads, or one of these, is there', async () => {
  const missing: string[] = [];
  const found = new Set(['/']);
  // What is found meanwhile is gone through as well.
  for (const path of found) {
    const { status, body } = await daemon.curl(path);
    if (status !== 200) missing.push(path);
    else if (!path.includes('uPlot'))
      for (const pattern of LOADED)
        for (const [, name = ''] of body.matchAll(pattern))
          found.add(new URL(name, `http://ksmd${path}`).pathname);
  }
  expect(missing).toEqual([]);
  // One that only others import, in a folder of its own, and a style.
  expect(found).toContain('/dashboard/web/map/state-colours.js');
  expect(found).toContain('/dashboard/wording/amounts.js');
  expect(found).toContain('/dashboard/map/legend.css');
});
