/** Why a process cannot be read, and what it takes. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { KsmdError } from '../../errors.js';

const YAMA = '/proc/sys/kernel/yama/ptrace_scope';
/** Bits of CapEff that reading another's memory takes. */
const TAKES = [
  ['CAP_SYS_PTRACE', 19n],
  ['CAP_DAC_READ_SEARCH', 2n],
] as const;

export function refusal(pid: number, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  if ((code === 'ENOENT' || code === 'ESRCH') && existsSync(`/proc/${pid}`)) {
    return new KsmdError(
      'EINVAL',
      `process ${pid} has no memory of its own: it is a thread of the kernel, or has just ended`,
    );
  }
  if (code === 'ENOENT' || code === 'ESRCH')
    return new KsmdError('ESRCH', `there is no process ${pid}`);
  if (code === 'EACCES' || code === 'EPERM')
    return new KsmdError('EACCES', `process ${pid} may not be read: ${whatIsLacking(pid)}`);
  return error instanceof Error ? error : new Error(String(error));
}

function whatIsLacking(pid: number): string {
  if (isOwn(pid) && isRestricted())
    return `its owner may not while kernel.yama.ptrace_scope is ${ptraceScope()}`;
  const effective = capabilities();
  const lacking = TAKES.filter(([, bit]) => ((effective >> bit) & 1n) === 0n);
  const names = (lacking.length > 0 ? lacking : TAKES).map(([name]) => name).join(' and ');
  return lacking.length === TAKES.length
    ? `that takes its owner, or ${names}`
    : `that takes ${names} too`;
}

function isOwn(pid: number): boolean {
  try {
    return statSync(`/proc/${pid}`).uid === process.getuid?.();
  } catch {
    return false;
  }
}

function isRestricted(): boolean {
  return existsSync(YAMA) && ptraceScope() !== '0';
}

function ptraceScope(): string {
  return readFileSync(YAMA, 'latin1').trim();
}

function capabilities(): bigint {
  const [, bits = '0'] =
    /^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? [];
  return BigInt(`0x${bits}`);
}
