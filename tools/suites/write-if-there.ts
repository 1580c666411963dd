import type { KsmFiles } from './way.js';

/** Writes the tunable where the kernel has it: older ones have fewer. Whether it has. */
export async function writeIfThere(files: KsmFiles, name: string, value: number): Promise<boolean> {
  try {
    await files.write(name, value);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}
