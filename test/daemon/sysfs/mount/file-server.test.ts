/** What the kernel is answered, request by request. */
import { constants } from 'node:fs';
import { constants as os } from 'node:os';
import { assert, asyncProperty, integer } from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { FileServer } from '../../../../src/daemon/sysfs/mount/file-server.js';
import { OPCODES, ROOT_NODE, readRequest } from '../../../../src/daemon/sysfs/mount/protocol.js';
import { STRUCTS } from '../../../../src/daemon/sysfs/mount/structs.js';
import { type Entry, type File, fixedDirectory } from '../../../../src/daemon/sysfs/tree.js';
import { type Errno, KsmdError } from '../../../../src/errors.js';

const NOTHING = Buffer.alloc(0);
const { fuse_out_header: HEADER, fuse_entry_out: ENTRY } = STRUCTS;

let server: FileServer;
let written: string[];
/** Of a tree of which parts come and go. */
let guests: Map<string, Entry>;
let lastUnique: number;

beforeEach(() => {
  written = [];
  lastUnique = 0;
  const write = async (text: string): Promise<void> => {
    if (text === 'bad') throw new KsmdError('EBUSY', 'not now');
    written.push(text);
  };
  const files = Array.from(
    { length: 30 },
    (_, i) => [`ksm/file-${'x'.repeat(i)}`, { mode: 0o444, text: () => `${i}\n` }] as const,
  );
  guests = new Map();
  const fixed = fixedDirectory(
    0o755,
    new Map<string, File>([['ksm/run', { mode: 0o644, text: () => '1\n', write }], ...files]),
  );
  const root = {
    mode: 0o555,
    isFixed: false,
    entries: () => [...fixed.entries(), ...guests],
    entry: (name: string) => fixed.entry(name) ?? guests.get(name),
  };
  server = new FileServer({ root, fileBytes: 4096, ready: async () => {} });
});

/** The error of an answer, and what follows it; undefined if there is no answer. */
async function ask(
  opcode: number,
  node: number,
  body: Buffer = NOTHING,
): Promise<{ error: Errno | undefined; body: Buffer } | undefined> {
  lastUnique += 2;
  const head = { len: 40 + body.length, opcode, unique: lastUnique, nodeid: node };
  const bytes = Buffer.concat([STRUCTS.fuse_in_header.write(head), body]);
  const answer = await server.answer(readRequest(bytes));
  if (answer === undefined) return undefined;
  const { len, error, unique } = HEADER.read(answer);
  expect({ len, unique }).toEqual({ len: answer.length, unique: lastUnique });
  const [name] = Object.entries(os.errno).find(([, number]) => number === -error) ?? [];
  return { error: name as Errno | undefined, body: answer.subarray(HEADER.bytes) };
}

async function lookUp(parent: number, name: string) {
  const answer = await ask(OPCODES.LOOKUP, parent, Buffer.from(`${name}\0`));
  return answer?.error ?? ENTRY.read(answer?.body ?? NOTHING);
}

async function nodeOf(parent: number, name: string): Promise<number> {
  const found = await lookUp(parent, name);
  if (typeof found !== 'object') throw new Error(`${name}: ${found}`);
  return found.nodeid;
}

function forget(node: number, nlookup: number) {
  return ask(OPCODES.FORGET, node, STRUCTS.fuse_forget_in.write({ nlookup }));
}

async function open(node: number, flags = constants.O_RDWR) {
  const answer = await ask(OPCODES.OPEN, node, STRUCTS.fuse_open_in.write({ flags }));
  return answer?.error ?? STRUCTS.fuse_open_out.read(answer?.body ?? NOTHING).fh;
}

describe('nodes', () => {
  test('have one id a path for as long as the kernel has not forgotten each of its looks', async () => {
    const ksm = await nodeOf(ROOT_NODE, 'ksm');
    const run = await nodeOf(ksm, 'run');
    expect(await nodeOf(ksm, 'run')).toBe(run);
    expect(server.held.nodes).toBe(3);
    expect(await forget(run, 1)).toBeUndefined();
    expect(await nodeOf(ksm, 'run')).toBe(run);
    await forget(run, 2);
    expect(server.held.nodes).toBe(2);
    expect((await ask(OPCODES.GETATTR, run))?.error).toBe('ESTALE');
    expect(await nodeOf(ksm, 'run')).not.toBe(run);
  });

  test('are forgotten many at a time, and the root never', async () => {
    const ksm = await nodeOf(ROOT_NODE, 'ksm');
    const run = await nodeOf(ksm, 'run');
    const { fuse_batch_forget_in, fuse_forget_one } = STRUCTS;
    const body = Buffer.concat([
      fuse_batch_forget_in.write({ count: 3 }),
      ...[ksm, run, ROOT_NODE].map((nodeid) => fuse_forget_one.write({ nodeid, nlookup: 1 })),
    ]);
    expect(await ask(OPCODES.BATCH_FORGET, 0, body)).toBeUndefined();
    expect(server.held.nodes).toBe(1);
    expect(await lookUp(ROOT_NODE, 'ksm')).toBeTypeOf('object');
  });

  test('are asked for anew where what is there comes and goes, and seldom elsewhere', async () => {
    guests.set('1', fixedDirectory(0o555, new Map()));
    expect(await lookUp(ROOT_NODE, '1')).toMatchObject({ entry_valid: 0 });
    guests.delete('1');
    expect(await lookUp(ROOT_NODE, '1')).toBe('ENOENT');
    const found = await lookUp(await nodeOf(ROOT_NODE, 'ksm'), 'run');
    expect(found).toMatchObject({ entry_valid: expect.toSatisfy((s: number) => s > 60) });
  });
});

describe('files', () => {
  let ksm: number;
  let run: number;
  beforeEach(async () => {
    ksm = await nodeOf(ROOT_NODE, 'ksm');
    run = await nodeOf(ksm, 'run');
  });

  async function write(fh: number, text: string) {
    const head = STRUCTS.fuse_write_in.write({ fh, size: text.length });
    return (await ask(OPCODES.WRITE, run, Buffer.concat([head, Buffer.from(text)])))?.error;
  }

  test('are open until they are released', async () => {
    const fh = await open(run);
    expect(server.held.open).toBe(1);
    await ask(OPCODES.RELEASE, run, STRUCTS.fuse_release_in.write({ fh: Number(fh) }));
    expect(server.held.open).toBe(0);
    const again = STRUCTS.fuse_read_in.write({ fh: Number(fh), size: 100 });
    expect((await ask(OPCODES.READ, run, again))?.error).toBe('ESTALE');
  });

  test('take writes one by one, each with its own error', async () => {
    const fh = Number(await open(run));
    expect([await write(fh, '2'), await write(fh, 'bad'), await write(fh, '0')]).toEqual([
      undefined,
      'EBUSY',
      undefined,
    ]);
    expect(written).toEqual(['2', '0']);
  });

  test('that can only be read are not opened to be written, whoever asks', async () => {
    const file = await nodeOf(ksm, 'file-');
    expect(await open(file, constants.O_WRONLY)).toBe('EACCES');
    expect(await open(file, constants.O_RDONLY)).toBeTypeOf('number');
  });

  test.each([
    ['SYMLINK', 'EPERM'],
    ['MKDIR', 'EPERM'],
    ['RENAME2', 'EPERM'],
    ['CREATE', 'EACCES'],
  ] as const)('%s is refused with %s, as in a directory of the kernel’s', async (name, errno) => {
    expect((await ask(OPCODES[name], ksm, Buffer.from('x\0')))?.error).toBe(errno);
  });

  test('what the kernel may ask for besides is not there', async () => {
    for (const opcode of [22, 25, 36, 40, 46, 4242])
      expect((await ask(opcode, run))?.error).toBe('ENOSYS');
  });

  test('a directory is listed whole and once, whatever fits into a read of it', async () => {
    const opened = await ask(OPCODES.OPENDIR, ksm, STRUCTS.fuse_open_in.write({}));
    const { fh } = STRUCTS.fuse_open_out.read(opened?.body ?? NOTHING);
    const list = async (size: number): Promise<string[]> => {
      const names: string[] = [];
      for (let offset = 0; ; ) {
        const body = STRUCTS.fuse_read_in.write({ fh, offset, size });
        const part = (await ask(OPCODES.READDIR, ksm, body))?.body ?? NOTHING;
        expect(part.length).toBeLessThanOrEqual(size);
        if (part.length === 0) return names;
        for (let at = 0; at < part.length; ) {
          const { namelen, off } = STRUCTS.fuse_dirent.read(part, at);
          const begin = at + STRUCTS.fuse_dirent.bytes;
          names.push(part.toString('utf8', begin, begin + namelen));
          offset = off;
          at = begin + Math.ceil(namelen / 8) * 8;
        }
      }
    };
    const whole = await list(65_536);
    expect(whole).toHaveLength(33);
    expect(new Set(whole).size).toBe(33);
    await assert(
      asyncProperty(integer({ min: 64, max: 4096 }), async (size) => {
        expect(await list(size)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });
});

test('a kernel with another protocol is refused, and the beginning with it', async () => {
  const init = { major: 8, minor: 0 };
  expect((await ask(OPCODES.INIT, 0, STRUCTS.fuse_init_in.write(init)))?.error).toBe('EPROTO');
  await expect(server.begun).rejects.toMatchObject({ code: 'EPROTO' });
});

test('whoever waits for a beginning that does not come any more is told', async () => {
  server.end();
  await expect(server.begun).rejects.toMatchObject({ code: 'ENODEV' });
});
