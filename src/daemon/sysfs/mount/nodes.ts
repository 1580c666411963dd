/**
 * What the kernel has looked up in a tree and not forgotten: node ids, which are inode numbers too.
 *
 * A path has one id for as long as the kernel knows it. What was at a path never comes back as
 * something else: a guest's number is given once.
 */
import type { Directory, Entry } from '../tree.js';
import { ROOT_NODE } from './protocol.js';

export interface Node {
  readonly id: number;
  readonly path: string;
  readonly entry: Entry;
  /** How often the kernel has been told of it, and has not said that it forgot. */
  looks: number;
}

export class Nodes {
  private readonly byId = new Map<number, Node>();
  private readonly byPath = new Map<string, Node>();
  private lastId = ROOT_NODE;

  constructor(root: Directory) {
    this.add({ id: ROOT_NODE, path: '', entry: root, looks: 1 });
  }

  /** How many the kernel knows, the root among them. */
  get count(): number {
    return this.byId.size;
  }

  find(id: number): Node | undefined {
    return this.byId.get(id);
  }

  /** The kernel is told of what is in a directory under that name. */
  lookedUp(parent: Node, name: string, entry: Entry): Node {
    const path = `${parent.path}/${name}`;
    const known = this.byPath.get(path);
    if (known !== undefined) {
      known.looks++;
      return known;
    }
    this.lastId++;
    return this.add({ id: this.lastId, path, entry, looks: 1 });
  }

  /** The kernel has forgotten so many of its looks. */
  forgotten(id: number, looks: number): void {
    const node = this.byId.get(id);
    if (node === undefined || id === ROOT_NODE) return;
    node.looks -= looks;
    if (node.looks > 0) return;
    this.byId.delete(id);
    this.byPath.delete(node.path);
  }

  private add(node: Node): Node {
    this.byId.set(node.id, node);
    this.byPath.set(node.path, node);
    return node;
  }
}
