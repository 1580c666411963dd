/**
 * Where a sparse file has data and where it has holes: lseek(2) with SEEK_DATA and SEEK_HOLE, which
 * Node does not have.
 */
import { KsmdError } from '../../errors.js';
import { LibC } from '../../libc.js';

const SEEK_DATA = 3;
const SEEK_HOLE = 4;

export class Holes {
  private constructor(
    private readonly fd: number,
    private readonly libc: LibC,
    private readonly lseek: (fd: number, offset: number, whence: number) => number,
  ) {}

  /** Of an open file, whose position is of no account to anybody. ENOENT if koffi is not there. */
  static async of(fd: number): Promise<Holes> {
    const libc = await LibC.load();
    return new Holes(fd, libc, libc.declare('int64_t lseek(int fd, int64_t offset, int whence)'));
  }

  /** The next data at `from` or after it, up to `to`; from `to` to `to` if there is none. */
  dataFrom(from: number, to: number): { readonly from: number; readonly to: number } {
    const data = this.seek(from, SEEK_DATA) ?? to;
    if (data >= to) return { from: to, to };
    return { from: data, to: Math.min(to, this.seek(data, SEEK_HOLE) ?? to) };
  }

  /** Undefined if there is none up to the file's end. */
  private seek(offset: number, whence: number): number | undefined {
    const found = this.lseek(this.fd, offset, whence);
    if (found >= 0) return Number(found);
    const code = this.libc.errno();
    if (code === 'ENXIO') return undefined;
    throw new KsmdError(code, `lseek(2) fails with ${code}`);
  }
}
