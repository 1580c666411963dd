import { expect, test } from 'vitest';
import { isOwnHost, parseTcpAddress } from '../../../src/daemon/http/tcp.js';

const LOCAL = { host: '127.0.0.1', port: 7070 };
const EVERYWHERE = { host: '0.0.0.0', port: 7070 };
const EVERYWHERE_6 = { host: '::', port: 7070 };

test.each([
  [LOCAL, '127.0.0.1:7070', true],
  [LOCAL, 'localhost:7070', true],
  [LOCAL, '[::1]:7070', true],
  [LOCAL, '127.0.0.1:7071', false],
  [LOCAL, '127.0.0.1', false],
  [LOCAL, '10.0.0.1:7070', false],
  [LOCAL, 'evil.example:7070', false],
  [LOCAL, undefined, false],
  [LOCAL, '::1:7070', false],
  [EVERYWHERE, '10.0.0.1:7070', true],
  [EVERYWHERE, '[fe80::1]:7070', true],
  [EVERYWHERE, 'localhost:7070', true],
  [EVERYWHERE, 'evil.example:7070', false],
  [EVERYWHERE, '[evil.example]:7070', false],
  [EVERYWHERE, '10.0.0.1:80', false],
  [EVERYWHERE_6, '192.168.1.2:7070', true],
  [EVERYWHERE_6, 'evil.example:7070', false],
  [{ host: '10.0.0.1', port: 7070 }, '10.0.0.2:7070', false],
  [{ host: 'vm', port: 7070 }, 'VM:7070', true],
  [{ host: '127.0.0.1', port: 80 }, '127.0.0.1', true],
  [{ host: '127.0.0.1', port: 80 }, 'localhost:80', true],
])('a daemon at %j is asked by the host %s: %s', (address, header, own) => {
  expect(isOwnHost(header, address)).toBe(own);
});

test('an address has a host and a port that can be named', () => {
  expect(parseTcpAddress('[::1]:7070', false)).toEqual({ host: '::1', port: 7070 });
  for (const text of ['127.0.0.1:0', '127.0.0.1:65536', '127.0.0.1', ':80'])
    expect(() => parseTcpAddress(text, false)).toThrow('is no HOST:PORT');
  expect(() => parseTcpAddress('0.0.0.0:80', false)).toThrow('--http-remote');
  expect(parseTcpAddress('LocalHost:7070', false)).toEqual({ host: 'localhost', port: 7070 });
  expect(parseTcpAddress('[0:0:0:0:0:0:0:1]:7070', false)).toEqual({ host: '::1', port: 7070 });
  expect(parseTcpAddress('0.0.0.0:80', true)).toEqual({ host: '0.0.0.0', port: 80 });
});
