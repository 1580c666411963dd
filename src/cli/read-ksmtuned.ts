/** The settings of a ksmtuned.conf: names and numbers of a shell's, comments, nothing else. */
import { readFile } from 'node:fs/promises';
import { KsmdError, systemError } from '../errors.js';
import { KSMTUNED_DEFAULTS, type KsmtunedSettings } from '../predict/policy.js';
import { quoted } from '../printable.js';

/** Of no interest to what KSM does. */
const IGNORED = ['LOGFILE', 'DEBUG'];
const LINE = /^(?:export\s+)?(\w+)=(["']?)(.*?)\2\s*(?:#.*)?$/;

/** What the file does not set is as ksmtuned has it. EINVAL names the line that is none of its. */
export async function readKsmtuned(path: string): Promise<KsmtunedSettings> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw systemError(error, `cannot read ${quoted(path)}`);
  });
  const settings: Record<string, number> = {};
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const [, name = '', , value = ''] = LINE.exec(line.trim()) ?? [];
    if (IGNORED.includes(name)) continue;
    if (!Object.hasOwn(KSMTUNED_DEFAULTS, name) || !/^-?\d+$/.test(value))
      throw new KsmdError(
        'EINVAL',
        `line ${index + 1} of ${quoted(path)} is no setting of ksmtuned's: ${quoted(line.trim())}`,
      );
    settings[name] = Number(value);
  }
  return checked({ ...KSMTUNED_DEFAULTS, ...settings }, path);
}

function checked(settings: KsmtunedSettings, path: string): KsmtunedSettings {
  const { KSM_NPAGES_MIN, KSM_NPAGES_MAX, KSM_MONITOR_INTERVAL } = settings;
  const refuse = (why: string): never => {
    throw new KsmdError('EINVAL', `${quoted(path)}: ${why}`);
  };
  if (KSM_MONITOR_INTERVAL < 1) refuse('KSM_MONITOR_INTERVAL is to be a second or more');
  if (KSM_NPAGES_MIN < 0) refuse('KSM_NPAGES_MIN is to be 0 or more');
  if (KSM_NPAGES_MAX < KSM_NPAGES_MIN) refuse('KSM_NPAGES_MAX is less than KSM_NPAGES_MIN');
  if (settings.KSM_SLEEP_MSEC < 0) refuse('KSM_SLEEP_MSEC is to be 0 or more');
  return settings;
}
