/**
 * The API over TCP: to look, never to change anything, and on this machine only unless forced.
 *
 * The Host header must name where the daemon listens, so that no page of another site can be pointed here by its own name server.
 */
import { isIP } from 'node:net';
import { ROUTES, type RouteName } from '../api/routes.js';
import { InvalidError } from '../machine/errors.js';

/** What may be asked over TCP: nothing that changes the host, and no byte of a guest's memory. */
const READABLE: readonly RouteName[] = ['status', 'ksm', 'guests', 'guest', 'workloads', 'events', 'openapi'];

const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT`, an IPv6 host in brackets. InvalidError if it is none, or not of this machine and not `forced`. */
export function parseTcpAddress(text: string, forced: boolean): TcpAddress {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65535) throw new InvalidError(`'${text}' is no HOST:PORT, as 127.0.0.1:7070 is`);
  if (!forced && !LOOPBACK.includes(host))
    throw new InvalidError(`${host} can be reached from other machines: choose 127.0.0.1, or add --http-remote`);
  return { host, port };
}

/** Whether a route may be asked for over TCP. */
export function isReadable(method: string, url: string | undefined): boolean {
  return READABLE.some((name) => (method === 'GET' || method === 'HEAD') && ROUTES[name].path === url);
}

/** Whether a Host header names the address listened on. */
export function isOwnHost(header: string | undefined, { host, port }: TcpAddress): boolean {
  if (header === undefined) return false;
  const names = LOOPBACK.includes(host) ? LOOPBACK : [...LOOPBACK, host];
  return names.some((name) => header === `${isIP(name) === 6 ? `[${name}]` : name}:${port}`);
}
