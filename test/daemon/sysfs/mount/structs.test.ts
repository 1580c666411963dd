/** The protocol's structures and numbers, held against <linux/fuse.h> as the compiler has it. */
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, type TestContext, test } from 'vitest';
import {
  ATOMIC_O_TRUNC,
  FATTR_PERMISSIONS,
  FOPEN_DIRECT_IO,
  OPCODES,
  REQUEST_BYTES,
  ROOT_NODE,
} from '../../../../src/daemon/sysfs/mount/protocol.js';
import { STRUCTS } from '../../../../src/daemon/sysfs/mount/structs.js';
import { run, TemporaryDirectory } from '../../../daemon-process.js';

/** What stands for the elements of an array. */
const ELEMENT = /^(?:unused|spare)\d$/;
/** Of which only a part is used, or what ends with the attributes of a file. */
const PARTS = ['fuse_init_in', 'fuse_setattr_in', 'fuse_release_in'];
const WITH_ATTRIBUTES = ['fuse_entry_out', 'fuse_attr_out'];

let directory: TemporaryDirectory;
beforeEach(() => {
  directory = new TemporaryDirectory();
});
afterEach(() => directory.remove());

/** The values of expressions in C. Skips the test where there is no compiler or no header. */
async function valuesInC(
  context: TestContext,
  expressions: readonly string[],
): Promise<Map<string, number>> {
  const source = directory.file('values.c');
  const program = directory.file('values');
  const lines = expressions.map((e) => `printf("%llu\\n", (unsigned long long)(${e}));`);
  writeFileSync(
    source,
    `#include <linux/fuse.h>\n#include <stddef.h>\n#include <stdio.h>\nint main(void) {\n` +
      `${lines.join('\n')}\nreturn 0;\n}\n`,
  );
  const found = await run('sh', ['-c', 'echo "#include <linux/fuse.h>" | cc -E - > /dev/null']);
  if (found.status !== 0) context.skip(`needs=cc and linux/fuse.h: ${found.stderr.trim()}`);
  expect(await run('cc', ['-o', program, source])).toMatchObject({ status: 0, stderr: '' });
  const { stdout } = await run(program, []);
  const values = stdout.trim().split('\n').map(Number);
  return new Map(expressions.map((expression, i) => [expression, values[i] ?? Number.NaN]));
}

test('every field is where the kernel has it, and every structure as long', async (context) => {
  const wanted = new Map<string, number>();
  for (const [name, { offsets, bytes }] of Object.entries(STRUCTS)) {
    for (const [field, offset] of offsets)
      if (!ELEMENT.test(field)) wanted.set(`offsetof(struct ${name}, ${field})`, offset);
    if (WITH_ATTRIBUTES.includes(name)) wanted.set(`offsetof(struct ${name}, attr)`, bytes);
    else if (!PARTS.includes(name)) wanted.set(`sizeof(struct ${name})`, bytes);
  }
  expect(await valuesInC(context, [...wanted.keys()])).toEqual(wanted);
});

test('every number has the meaning that the kernel gives it', async (context) => {
  const wanted = new Map([
    ...Object.entries(OPCODES).map(([name, opcode]) => [`FUSE_${name}`, opcode] as const),
    ['FUSE_ROOT_ID', ROOT_NODE],
    ['FOPEN_DIRECT_IO', FOPEN_DIRECT_IO],
    ['FUSE_ATOMIC_O_TRUNC', ATOMIC_O_TRUNC],
    ['FATTR_MODE | FATTR_UID | FATTR_GID', FATTR_PERMISSIONS],
    ['FUSE_MIN_READ_BUFFER', REQUEST_BYTES],
    ['FUSE_KERNEL_VERSION', 7],
  ]);
  expect(await valuesInC(context, [...wanted.keys()])).toEqual(wanted);
});

test('what is written is read again, also beyond 32 bits', () => {
  const { fuse_dirent, fuse_out_header } = STRUCTS;
  const entry = { ino: 2 ** 40 + 3, off: 2 ** 32, namelen: 5, type: 8 };
  expect(fuse_dirent.read(fuse_dirent.write(entry))).toEqual(entry);
  const header = { len: 16, error: -22, unique: 2 ** 53 - 2 };
  expect(fuse_out_header.read(fuse_out_header.write(header))).toEqual(header);
});
