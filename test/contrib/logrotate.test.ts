/** The log of a daemon that works, turned over by logrotate itself. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { DaemonProcess, run, TemporaryDirectory } from '../daemon-process.js';
import { removeTools, tool } from '../debian-tool.js';
import { until } from '../until.js';

const CONFIG = readFileSync(new URL('../../contrib/logrotate.d/ksmd', import.meta.url), 'utf8');

afterAll(removeTools);

test('logrotate turns the log over, and no line is lost or doubled', async (context) => {
  const logrotate = await tool(context, 'logrotate', ['logrotate', 'libpopt0']);
  const directory = new TemporaryDirectory();
  mkdirSync(directory.file('log'), { mode: 0o700 });
  const log = directory.file('log/ksmd.log');
  const daemon = DaemonProcess.spawn(['--log-file', log, '--log-level', 'debug']);
  await until(
    'it listens',
    () => existsSync(log) && readFileSync(log, 'utf8').includes('"listening"'),
  );
  // What systemd would do for `systemctl reload`.
  writeFileSync(
    directory.file('systemctl'),
    `#!/bin/sh\n[ "$1" = reload ] || exit 0\nexec kill -HUP ${daemon.child.pid}\n`,
  );
  chmodSync(directory.file('systemctl'), 0o755);
  // The user of the unit is not on this machine.
  writeFileSync(
    directory.file('config'),
    CONFIG.replaceAll('/var/log/ksmd/ksmd.log', log).replace(/^\tsu .*\n/m, ''),
    { mode: 0o644 },
  );

  let requests = 0;
  for (let turn = 1; turn <= 3; turn++) {
    for (const end = requests + 200; requests < end; requests++)
      await daemon.client.setKsm({ pages_to_scan: 1000 + requests });
    const env = {
      ...logrotate.env,
      PATH: `${directory.path}:${logrotate.env.PATH ?? process.env.PATH}`,
    };
    const outcome = await run(
      logrotate.path,
      ['--force', '--state', directory.file('state'), directory.file('config')],
      { env },
    );
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
    await until(
      'the daemon writes to a new file',
      () => existsSync(log) && readFileSync(log, 'utf8').includes('opened anew'),
    );
  }
  expect(await daemon.stop()).toBe(0);

  const parts = [
    gunzipSync(readFileSync(`${log}.3.gz`)),
    gunzipSync(readFileSync(`${log}.2.gz`)),
    readFileSync(`${log}.1`),
    readFileSync(log),
  ];
  const lines = parts
    .flatMap((part) => part.toString().trimEnd().split('\n'))
    .map((line) => JSON.parse(line) as { msg: string; method?: string });
  expect(lines.filter(({ msg, method }) => msg === 'answered' && method === 'PATCH')).toHaveLength(
    requests,
  );
  expect(lines.filter(({ msg }) => msg === 'the log file is opened anew')).toHaveLength(3);
  expect(lines[0]).toMatchObject({ msg: 'ksmd starts' });
  expect(lines.at(-1)).toMatchObject({ msg: 'stopped' });
  directory.remove();
});
