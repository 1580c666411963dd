/**
 * A Postgres with a small cluster of its own, as the user nobody, since it refuses root. Its
 * buffers are shared memory, which KSM leaves out: what is looked at is what its processes have
 * besides.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { foundProgram } from './found-program.js';

const AS_NOBODY = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'];
const SETTINGS = {
  listen_addresses: '',
  // Nothing comes and goes while it is looked at, and nothing waits for the disk.
  autovacuum: 'off',
  max_parallel_workers: '0',
  fsync: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '128MB',
  log_min_messages: 'panic',
  log_min_error_statement: 'panic',
  work_mem: '64MB',
};

export function postgresProgram(name: string): string {
  const path = foundProgram(name);
  if (path === undefined) throw new Error(`there is no ${name}`);
  return path;
}

/** The server's, with its cluster and its socket in `home`, which is made. */
export function postgresCommand(home: string): string[] {
  const data = join(home, 'data');
  execFileSync('install', ['-d', '-o', 'nobody', '-m', '700', home]);
  const [setpriv = '', ...asNobody] = AS_NOBODY;
  execFileSync(
    setpriv,
    [
      ...[...asNobody, postgresProgram('initdb'), '--pgdata', data, '--username', 'postgres'],
      ...['--auth', 'trust', '--no-locale', '--encoding', 'UTF8', '--no-sync'],
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], cwd: home },
  );
  return [
    ...[...AS_NOBODY, postgresProgram('postgres'), '-D', data, '-k', home],
    ...Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}
