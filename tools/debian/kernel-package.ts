/** A kernel of Debian's, out of its package. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The package that depends on the newest kernel. */
const NEWEST = 'linux-image-cloud-amd64';

export interface DebianKernel {
  readonly version: string;
  readonly image: string;
}

/** Unpacks `deb`, or else downloads the newest one of this machine's Debian, into a folder. */
export function unpackKernel(folder: string, deb: string | undefined): DebianKernel {
  mkdirSync(folder, { recursive: true });
  const root = join(folder, 'root');
  execFileSync('dpkg-deb', ['-x', deb ?? download(folder), root]);
  const boot = join(root, 'boot');
  const name = readdirSync(boot).find((each) => each.startsWith('vmlinuz-'));
  if (name === undefined) throw new Error('the package has no kernel in it');
  return { version: name.slice('vmlinuz-'.length), image: join(boot, name) };
}

/** Its name; undefined where apt-get knows none. */
export function newestKernelPackage(): string | undefined {
  try {
    const depends = execFileSync('apt-cache', ['depends', NEWEST], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /Depends: (\S+)/.exec(depends)?.[1];
  } catch {
    return undefined;
  }
}

function download(folder: string): string {
  const name = newestKernelPackage();
  if (name === undefined) throw new Error(`${NEWEST} is unknown: try 'apt-get update'`);
  execFileSync('apt-get', ['download', name], { cwd: folder, stdio: 'ignore' });
  const deb = readdirSync(folder).find((file) => file.endsWith('.deb'));
  if (deb === undefined) throw new Error(`apt-get has downloaded no ${name}`);
  return join(folder, deb);
}
