import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { socketPath } from '../../src/protocol/socket-path.js';

test('the socket is the one given, else the environment’s, else the user’s own', () => {
  const all = { KSMD_SOCKET: '/a/b.sock', XDG_RUNTIME_DIR: '/run/user/7' };
  expect(socketPath('/given.sock', all)).toBe('/given.sock');
  expect(socketPath(undefined, all)).toBe('/a/b.sock');
  expect(socketPath(undefined, { XDG_RUNTIME_DIR: '/run/user/7' })).toBe(
    '/run/user/7/ksmd/ksmd.sock',
  );
  const { uid } = userInfo();
  expect(socketPath(undefined, {})).toBe(
    uid === 0 ? '/run/ksmd/ksmd.sock' : `/tmp/ksmd-${uid}/ksmd.sock`,
  );
});
