/**
 * What a recording says of the host itself: its kernel, its nodes, and how KSM and huge pages are
 * set there. Whatever this user may not read, or this kernel does not have, is not in it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, hostname, machine, release } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const KSM = '/sys/kernel/mm/ksm';
const HUGE_PAGES = '/sys/kernel/mm/transparent_hugepage';
const NODES = '/sys/devices/system/node';
const KIB = 1024;
/** What ksmtuned looks at, and what merging changes: in bytes. */
const MEMINFO = ['MemTotal', 'MemFree', 'MemAvailable', 'Buffers', 'Cached', 'SwapFree'];
const MEMINFO_ALSO = ['AnonPages', 'AnonHugePages'];
const HUGE_PAGE_NUMBERS = ['khugepaged/pages_collapsed', 'khugepaged/full_scans'];
const HUGE_PAGE_FACTS = ['enabled', 'defrag', 'use_zero_page'];
const KHUGEPAGED_FACTS = ['defrag', 'pages_to_scan', 'scan_sleep_millisecs', 'max_ptes_none'];

export interface HostNumbers {
  readonly names: readonly string[];
  values(): number[];
}

/** Numbers that are read at every sweep, always the same ones. */
export function hostNumbers(): HostNumbers {
  const ofKsm = namesIn(KSM).filter((name) => /^-?\d+\s*$/.test(textOf(join(KSM, name)) ?? ''));
  const ofHugePages = HUGE_PAGE_NUMBERS.filter((name) => textOf(join(HUGE_PAGES, name)));
  const ofMemory = [...MEMINFO, ...MEMINFO_ALSO];
  return {
    names: [...ofMemory, ...ofKsm.map((name) => `ksm/${name}`), ...ofHugePages].slice(0, 52),
    values() {
      const memory = meminfo('/proc/meminfo');
      const number = (path: string): number => Number(textOf(path) ?? 0);
      return [
        ...ofMemory.map((name) => memory.get(name) ?? 0),
        ...ofKsm.map((name) => number(join(KSM, name))),
        ...ofHugePages.map((name) => number(join(HUGE_PAGES, name))),
      ].slice(0, 52);
    },
  };
}

/** Settings that are texts, or that change only when somebody sets them. */
export function hostFacts(): Record<string, string> {
  const facts: Record<string, string> = {};
  const note = (name: string, path: string): void => {
    const text = textOf(path);
    if (text !== undefined) facts[name] = text;
  };
  for (const name of namesIn(KSM))
    if (!/^-?\d+$/.test(textOf(join(KSM, name)) ?? '0')) note(`ksm/${name}`, join(KSM, name));
  for (const name of HUGE_PAGE_FACTS) note(`huge-pages/${name}`, join(HUGE_PAGES, name));
  for (const name of KHUGEPAGED_FACTS)
    note(`khugepaged/${name}`, join(HUGE_PAGES, 'khugepaged', name));
  return facts;
}

export interface HostDescription {
  readonly host: string;
  readonly kernel: string;
  readonly processors: number;
  readonly nodeBytes: number[];
  readonly hz?: number;
}

export function describeHost(): HostDescription {
  const hz = ticksASecond();
  return {
    host: hostname(),
    kernel: `${release()} ${machine()}`,
    processors: availableParallelism(),
    nodeBytes: nodeBytes(),
    ...(hz === undefined ? {} : { hz }),
  };
}

function nodeBytes(): number[] {
  const nodes = namesIn(NODES).filter((name) => /^node\d+$/.test(name));
  const bytes: number[] = [];
  for (const name of nodes)
    bytes[Number(name.slice('node'.length))] =
      meminfo(join(NODES, name, 'meminfo')).get('MemTotal') ?? 0;
  return Array.from(bytes, (each) => each ?? 0);
}

/** CONFIG_HZ, where the kernel's configuration is to be had. */
function ticksASecond(): number | undefined {
  const config = textOf(`/boot/config-${release()}`) ?? unzipped('/proc/config.gz');
  const hz = /^CONFIG_HZ=(\d+)$/m.exec(config ?? '')?.[1];
  return hz === undefined ? undefined : Number(hz);
}

function unzipped(path: string): string | undefined {
  try {
    return gunzipSync(readFileSync(path)).toString('latin1');
  } catch {
    return undefined;
  }
}

/** Sizes in bytes, by their names; of a node too. */
function meminfo(path: string): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [, name = '', kib] of (textOf(path) ?? '').matchAll(/^(?:Node \d+ )?(\w+): +(\d+)/gm))
    sizes.set(name, Number(kib) * KIB);
  return sizes;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trimEnd();
  } catch {
    return undefined;
  }
}
