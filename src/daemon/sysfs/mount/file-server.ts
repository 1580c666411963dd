/**
 * A tree as a file system: what each request of the kernel's is answered. Where requests come from
 * and answers go is no business of this file.
 *
 * As in the kernel's own files, a text is taken when it is read from its start, and what follows in
 * the same opening goes on in that text. Each write is one value, wherever it is said to be written
 * to; it is answered when it is done, with its own error. Nothing can be made, removed or given
 * other permissions, and to cut a file short changes nothing.
 */
import { constants } from 'node:fs';
import { type Errno, KsmdError } from '../../../errors.js';
import { type Directory, type Entry, type File, isDirectory } from '../tree.js';
import { type Node, Nodes } from './nodes.js';
import {
  type Attributes,
  answer,
  attributesAnswer,
  type DirectoryEntry,
  directoryAnswer,
  entryAnswer,
  FATTR_PERMISSIONS,
  FOPEN_DIRECT_IO,
  forgotten,
  initAnswer,
  nameOf,
  OPCODES,
  openAnswer,
  type Request,
  refusal,
  statfsAnswer,
  writeAnswer,
} from './protocol.js';
import { STRUCTS } from './structs.js';

const { S_IFDIR, S_IFREG, O_RDONLY, O_RDWR, O_WRONLY } = constants;
const ACCESS_MODE = O_RDONLY | O_WRONLY | O_RDWR;
/** Seconds for which the kernel may take it that nothing about a file has changed. */
const FOR_LONG = 86_400;
const NOT_AT_ALL = 0;

export interface Served {
  readonly root: Directory;
  /** What stat says of every file: sysfs has a page, /proc nothing. */
  readonly fileBytes: number;
  /** Resolves when what files show can be believed. */
  ready(): Promise<void>;
}

/** Undefined: the request has no answer. */
type Answer = Buffer | undefined;

interface OpenFile {
  readonly file: File;
  text: Buffer | undefined;
}

interface OpenDirectory {
  readonly directory: Directory;
  entries: readonly DirectoryEntry[] | undefined;
}

export class FileServer {
  private readonly nodes: Nodes;
  private readonly files = new Map<number, OpenFile>();
  private readonly directories = new Map<number, OpenDirectory>();
  private lastHandle = 0;
  private readonly owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  private readonly time = Math.floor(Date.now() / 1000);
  /**
   * Resolves once the kernel has asked for the beginning; rejects if they do not agree on it, or
   * nobody asks any more.
   */
  readonly begun: Promise<void>;
  private begin: () => void = () => {};
  private refuse: (error: KsmdError) => void = () => {};

  constructor(private readonly served: Served) {
    this.nodes = new Nodes(served.root);
    this.begun = new Promise((resolve, reject) => {
      this.begin = resolve;
      this.refuse = reject;
    });
    this.begun.catch(() => {});
  }

  /** How much is held for the kernel: nodes that it knows, and what is open. */
  get held(): { readonly nodes: number; readonly open: number } {
    return { nodes: this.nodes.count, open: this.files.size + this.directories.size };
  }

  /** To be called when no request comes any more. */
  end(): void {
    this.refuse(new KsmdError('ENODEV', 'somebody has unmounted it before it had begun'));
  }

  /** Answers as soon as that can be done; whatever fails is answered too. */
  async answer(request: Request): Promise<Answer> {
    try {
      return await this.handle(request);
    } catch (error) {
      if (error instanceof KsmdError) return refusal(request.unique, error.code);
      throw error;
    }
  }

  private handle(request: Request): Answer | Promise<Answer> {
    const { unique, opcode } = request;
    switch (opcode) {
      case OPCODES.INIT:
        return this.initialize(request);
      case OPCODES.LOOKUP:
        return this.lookUp(request);
      case OPCODES.FORGET:
      case OPCODES.BATCH_FORGET:
        for (const { node, looks } of forgotten(request)) this.nodes.forgotten(node, looks);
        return undefined;
      case OPCODES.GETATTR:
        return this.attributes(request);
      case OPCODES.SETATTR:
        return this.setAttributes(request);
      case OPCODES.OPEN:
        return this.open(request);
      case OPCODES.READ:
        return this.read(request);
      case OPCODES.WRITE:
        return this.write(request);
      case OPCODES.OPENDIR:
        return this.openDirectory(request);
      case OPCODES.READDIR:
        return this.readDirectory(request);
      case OPCODES.RELEASE:
      case OPCODES.RELEASEDIR:
        return this.release(request);
      case OPCODES.STATFS:
        return statfsAnswer(unique);
      case OPCODES.ACCESS:
      case OPCODES.DESTROY:
        return answer(unique);
      default:
        return refusal(unique, REFUSALS.get(opcode) ?? 'ENOSYS');
    }
  }

  private initialize(request: Request): Answer {
    const answer = initAnswer(request);
    if (answer !== undefined) {
      this.begin();
      return answer;
    }
    this.refuse(new KsmdError('EPROTO', 'the kernel has another protocol for file systems'));
    return refusal(request.unique, 'EPROTO');
  }

  private lookUp(request: Request): Answer {
    const parent = this.node(request);
    const name = nameOf(request);
    const directory = directoryOf(parent.entry);
    const entry = directory.entry(name);
    if (entry === undefined) return refusal(request.unique, 'ENOENT');
    const node = this.nodes.lookedUp(parent, name, entry);
    return entryAnswer(request.unique, this.attributesOf(node), {
      name: directory.isFixed ? FOR_LONG : NOT_AT_ALL,
      attributes: FOR_LONG,
    });
  }

  private attributes(request: Request): Answer {
    return attributesAnswer(request.unique, this.attributesOf(this.node(request)), FOR_LONG);
  }

  private setAttributes(request: Request): Answer {
    const { valid } = STRUCTS.fuse_setattr_in.read(request.body);
    if ((valid & FATTR_PERMISSIONS) !== 0) return refusal(request.unique, 'EPERM');
    return this.attributes(request);
  }

  private open(request: Request): Answer {
    const { entry } = this.node(request);
    if (isDirectory(entry)) return refusal(request.unique, 'EISDIR');
    const { flags } = STRUCTS.fuse_open_in.read(request.body);
    // Root passes the kernel's own check of permissions.
    if ((flags & ACCESS_MODE) !== O_RDONLY && entry.write === undefined)
      return refusal(request.unique, 'EACCES');
    this.lastHandle++;
    this.files.set(this.lastHandle, { file: entry, text: undefined });
    return openAnswer(request.unique, this.lastHandle, FOPEN_DIRECT_IO);
  }

  private async read({ unique, body }: Request): Promise<Answer> {
    const { fh, offset, size } = STRUCTS.fuse_read_in.read(body);
    const open = known(this.files.get(fh));
    if (offset === 0 || open.text === undefined) {
      await this.served.ready();
      await open.file.look?.();
      open.text = Buffer.from(open.file.text());
    }
    return answer(unique, open.text.subarray(offset, offset + size));
  }

  private async write({ unique, body }: Request): Promise<Answer> {
    const { fuse_write_in } = STRUCTS;
    const { fh, size } = fuse_write_in.read(body);
    const { file } = known(this.files.get(fh));
    const text = body.toString('latin1', fuse_write_in.bytes, fuse_write_in.bytes + size);
    await known(file.write)(text);
    return writeAnswer(unique, size);
  }

  private openDirectory(request: Request): Answer {
    const directory = directoryOf(this.node(request).entry);
    this.lastHandle++;
    this.directories.set(this.lastHandle, { directory, entries: undefined });
    return openAnswer(request.unique, this.lastHandle, 0);
  }

  private readDirectory({ unique, body }: Request): Answer {
    const { fh, offset, size } = STRUCTS.fuse_read_in.read(body);
    const open = known(this.directories.get(fh));
    if (offset === 0 || open.entries === undefined) open.entries = listed(open.directory);
    return directoryAnswer(unique, open.entries, offset, size);
  }

  private release({ unique, body }: Request): Answer {
    const { fh } = STRUCTS.fuse_release_in.read(body);
    this.files.delete(fh);
    this.directories.delete(fh);
    return answer(unique);
  }

  private node({ node }: Request): Node {
    return known(this.nodes.find(node));
  }

  private attributesOf({ id, entry }: Node): Attributes {
    return {
      ino: id,
      size: isDirectory(entry) ? 0 : this.served.fileBytes,
      mode: modeOf(entry),
      time: this.time,
      ...this.owner,
    };
  }
}

/** Who has a directory of the kernel's own hears the same. */
const REFUSALS: ReadonlyMap<number, Errno> = new Map([
  [OPCODES.CREATE, 'EACCES'],
  [OPCODES.MKNOD, 'EACCES'],
  [OPCODES.TMPFILE, 'EOPNOTSUPP'],
  [OPCODES.MKDIR, 'EPERM'],
  [OPCODES.SYMLINK, 'EPERM'],
  [OPCODES.LINK, 'EPERM'],
  [OPCODES.UNLINK, 'EPERM'],
  [OPCODES.RMDIR, 'EPERM'],
  [OPCODES.RENAME, 'EPERM'],
  [OPCODES.RENAME2, 'EPERM'],
]);

function listed(directory: Directory): DirectoryEntry[] {
  const own = ['.', '..'].map((name) => ({ name, mode: modeOf(directory) }));
  const inIt = [...directory.entries()].map(([name, entry]) => ({ name, mode: modeOf(entry) }));
  return [...own, ...inIt];
}

function modeOf(entry: Entry): number {
  return (isDirectory(entry) ? S_IFDIR : S_IFREG) | entry.mode;
}

function directoryOf(entry: Entry): Directory {
  if (!isDirectory(entry)) throw new KsmdError('ENOTDIR', 'this is no directory');
  return entry;
}

/** The kernel names what it has been given and has not given back. */
function known<T>(thing: T | undefined): T {
  if (thing === undefined) throw new KsmdError('ESTALE', 'the kernel was never told of it');
  return thing;
}
