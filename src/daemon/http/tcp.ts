/**
 * The API over TCP: to look, never to change anything, and on this machine only unless forced.
 *
 * The Host header must name where the daemon listens, so that no other site's name server can point
 * that site's pages here. A daemon that listens on all addresses has no one name. There any address
 * will do: no name server is asked for one.
 */
import { isIP } from 'node:net';
import { KsmdError } from '../../errors.js';

const LOOPBACK = ['localhost', '127.0.0.1', '::1'];
/** Every address the machine has. */
const WILDCARDS = ['0.0.0.0', '::'];
/** What a Host header without a port means. */
const HTTP_PORT = 80;

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * `HOST:PORT`, an IPv6 host in brackets. EINVAL if it is none, or not of this machine and not
 * `forced`.
 */
export function parseTcpAddress(text: string, forced: boolean): TcpAddress {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const name = bracketed ?? plain;
  const host = name === undefined ? undefined : canonical(name.toLowerCase());
  const port = Number(digits);
  if (host === undefined || port === 0 || port > 65535)
    throw new KsmdError('EINVAL', `'${text}' is no HOST:PORT, as 127.0.0.1:7070 is`);
  if (!forced && !LOOPBACK.includes(host))
    throw new KsmdError(
      'EINVAL',
      `${host} can be reached from other machines: choose 127.0.0.1, or add --http-remote`,
    );
  return { host, port };
}

/** Whether a Host header names the address listened on. */
export function isOwnHost(header: string | undefined, { host, port }: TcpAddress): boolean {
  const [, bracketed, plain, digits] =
    /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(header ?? '') ?? [];
  const name = bracketed ?? plain;
  if (name === undefined || Number(digits ?? HTTP_PORT) !== port) return false;
  // An IPv6 address comes in brackets, and nothing else does.
  if ((isIP(name) === 6) !== (bracketed !== undefined)) return false;
  return (
    canonical(name.toLowerCase()) === host ||
    LOOPBACK.includes(name.toLowerCase()) ||
    (WILDCARDS.includes(canonical(host)) && isIP(name) !== 0)
  );
}

/** The one spelling of an IPv6 address; anything else as it is. */
function canonical(host: string): string {
  return isIP(host) === 6 ? new URL(`http://[${host}]`).hostname.slice(1, -1) : host;
}
