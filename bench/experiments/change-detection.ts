/**
 * What the dirty bit saves: a guest that rewrites some of its pages between full scans, once with
 * change_detection=checksum and once with dirty. Both merge the same pages; the two take turns,
 * scan by scan.
 */
import { CTL_CHECKSUMS } from '../../src/core/layout.js';
import type { ProfileName } from '../../src/ksm/kernels.js';
import type { Row } from '../row.js';
import { ScannedHost } from '../sides/scanned-host.js';
import { PAGE_SIZE } from '../sides/side.js';

const ROUNDS = 8;
/** Of its pages a guest rewrites every so many-th between two scans. */
const REWRITTEN = 4;
const GUEST = 'guest';

class Side {
  readonly scanner: ScannedHost;
  private readonly address: number;
  scanSeconds = 0;
  storeSeconds = 0;

  constructor(
    private readonly copyPages: number,
    profile: ProfileName,
    detection: 'checksum' | 'dirty',
  ) {
    this.scanner = new ScannedHost({
      memoryBytes: (copyPages + 16) * PAGE_SIZE,
      guestPages: copyPages,
      kernel: profile,
    });
    const { host } = this.scanner;
    if (host.profile.smartScan) host.files.set('smart_scan', 0);
    host.files.set('change_detection', detection);
    host.createGuest(GUEST);
    this.address = host.map(GUEST, 'pages', copyPages).address;
  }

  /**
   * Stores into every `step`-th page what it holds in `round`. Half of the pages are alike in
   * pairs.
   */
  write(step: number, round: number): void {
    const page = new Uint8Array(PAGE_SIZE);
    const view = new DataView(page.buffer);
    view.setUint32(0, round, true);
    const start = performance.now();
    for (let i = 0; i < this.copyPages; i += step) {
      view.setUint32(PAGE_SIZE - 8, i % (this.copyPages / 2), true);
      this.scanner.host.memory.store(GUEST, this.address + i * PAGE_SIZE, page);
    }
    this.storeSeconds += (performance.now() - start) / 1000;
  }

  scan(): void {
    const start = performance.now();
    this.scanner.finishFullScan();
    this.scanSeconds += (performance.now() - start) / 1000;
  }

  get checksums(): number {
    return this.scanner.host.machine.memory.i32[CTL_CHECKSUMS];
  }
}

export function changeDetectionRow(copyPages: number, profile: ProfileName): Row {
  const checksum = new Side(copyPages, profile, 'checksum');
  const dirty = new Side(copyPages, profile, 'dirty');
  const sides = [checksum, dirty];
  for (const side of sides) {
    side.write(1, 0);
    for (let scan = 0; scan < 3; scan++) side.scanner.finishFullScan();
    side.storeSeconds = 0;
  }
  for (let round = 1; round <= ROUNDS; round++) {
    for (const side of sides) {
      side.write(REWRITTEN, round);
      side.scan();
    }
  }
  const [kept = {}, same = {}] = sides.map(({ scanner }) => scanner.host.files.counters());
  const agree = JSON.stringify(kept) === JSON.stringify(same);
  const ms = (seconds: number): number => Number(((seconds * 1000) / ROUNDS).toFixed(2));
  return {
    phase: 'change-detection',
    what:
      `change_detection=dirty where a guest rewrites ${100 / REWRITTEN} % of its pages ` +
      'between scans',
    ksmdSeconds: dirty.scanSeconds / ROUNDS,
    goal: 'nothing is hashed, the same pages merge',
    met: agree && dirty.checksums === 0 && checksum.checksums > 0,
    figures: {
      'a scan with checksum, ms': ms(checksum.scanSeconds),
      'with dirty, ms': ms(dirty.scanSeconds),
      'the stores with checksum, ms': ms(checksum.storeSeconds),
      'with dirty bits, ms': ms(dirty.storeSeconds),
      'checksums the scanner took': checksum.checksums,
    },
    work: { checksums: checksum.checksums, ...kept },
  };
}
