/**
 * A red-black tree as the textbook has it (Cormen, Leiserson, Rivest, Stein, chapter 13), with
 * objects, a sentinel and keys: what the core's trees must look like, written without looking at
 * them.
 */
type Color = 'red' | 'black';

class TextbookNode {
  color: Color = 'black';
  left: TextbookNode = this;
  right: TextbookNode = this;
  parent: TextbookNode = this;
  constructor(readonly key: number) {}
}

/** A tree as nested text: colour, key, and what hangs below. */
export type Shape = null | readonly [color: Color, key: number, left: Shape, right: Shape];

export class TextbookTree {
  private readonly nil = new TextbookNode(Number.NaN);
  private root = this.nil;

  insert(key: number): void {
    const z = new TextbookNode(key);
    let y = this.nil;
    for (let x = this.root; x !== this.nil; x = key < x.key ? x.left : x.right) y = x;
    z.parent = y;
    if (y === this.nil) this.root = z;
    else if (key < y.key) y.left = z;
    else y.right = z;
    z.left = this.nil;
    z.right = this.nil;
    z.color = 'red';
    this.insertFixup(z);
  }

  erase(key: number): void {
    let z = this.root;
    while (z.key !== key) z = key < z.key ? z.left : z.right;
    let y = z;
    let lost = y.color;
    let x: TextbookNode;
    if (z.left === this.nil) {
      x = z.right;
      this.transplant(z, z.right);
    } else if (z.right === this.nil) {
      x = z.left;
      this.transplant(z, z.left);
    } else {
      y = this.minimum(z.right);
      lost = y.color;
      x = y.right;
      if (y.parent === z) x.parent = y;
      else {
        this.transplant(y, y.right);
        y.right = z.right;
        y.right.parent = y;
      }
      this.transplant(z, y);
      y.left = z.left;
      y.left.parent = y;
      y.color = z.color;
    }
    if (lost === 'black') this.eraseFixup(x);
  }

  shape(node = this.root): Shape {
    return node === this.nil
      ? null
      : [node.color, node.key, this.shape(node.left), this.shape(node.right)];
  }

  private minimum(node: TextbookNode): TextbookNode {
    let x = node;
    while (x.left !== this.nil) x = x.left;
    return x;
  }

  private transplant(u: TextbookNode, v: TextbookNode): void {
    if (u.parent === this.nil) this.root = v;
    else if (u === u.parent.left) u.parent.left = v;
    else u.parent.right = v;
    v.parent = u.parent;
  }

  private leftRotate(x: TextbookNode): void {
    const y = x.right;
    x.right = y.left;
    if (y.left !== this.nil) y.left.parent = x;
    this.transplant(x, y);
    y.left = x;
    x.parent = y;
  }

  private rightRotate(x: TextbookNode): void {
    const y = x.left;
    x.left = y.right;
    if (y.right !== this.nil) y.right.parent = x;
    this.transplant(x, y);
    y.right = x;
    x.parent = y;
  }

  private insertFixup(inserted: TextbookNode): void {
    let z = inserted;
    while (z.parent.color === 'red') {
      const grand = z.parent.parent;
      const onLeft = z.parent === grand.left;
      const uncle = onLeft ? grand.right : grand.left;
      if (uncle.color === 'red') {
        z.parent.color = 'black';
        uncle.color = 'black';
        grand.color = 'red';
        z = grand;
      } else if (onLeft) {
        if (z === z.parent.right) {
          z = z.parent;
          this.leftRotate(z);
        }
        z.parent.color = 'black';
        grand.color = 'red';
        this.rightRotate(grand);
      } else {
        if (z === z.parent.left) {
          z = z.parent;
          this.rightRotate(z);
        }
        z.parent.color = 'black';
        grand.color = 'red';
        this.leftRotate(grand);
      }
    }
    this.root.color = 'black';
  }

  private eraseFixup(child: TextbookNode): void {
    let x = child;
    while (x !== this.root && x.color === 'black') {
      if (x === x.parent.left) {
        let w = x.parent.right;
        if (w.color === 'red') {
          w.color = 'black';
          x.parent.color = 'red';
          this.leftRotate(x.parent);
          w = x.parent.right;
        }
        if (w.left.color === 'black' && w.right.color === 'black') {
          w.color = 'red';
          x = x.parent;
          continue;
        }
        if (w.right.color === 'black') {
          w.left.color = 'black';
          w.color = 'red';
          this.rightRotate(w);
          w = x.parent.right;
        }
        w.color = x.parent.color;
        x.parent.color = 'black';
        w.right.color = 'black';
        this.leftRotate(x.parent);
        x = this.root;
      } else {
        let w = x.parent.left;
        if (w.color === 'red') {
          w.color = 'black';
          x.parent.color = 'red';
          this.rightRotate(x.parent);
          w = x.parent.left;
        }
        if (w.right.color === 'black' && w.left.color === 'black') {
          w.color = 'red';
          x = x.parent;
          continue;
        }
        if (w.left.color === 'black') {
          w.right.color = 'black';
          w.color = 'red';
          this.leftRotate(w);
          w = x.parent.left;
        }
        w.color = x.parent.color;
        x.parent.color = 'black';
        w.left.color = 'black';
        this.rightRotate(x.parent);
        x = this.root;
      }
    }
    x.color = 'black';
  }
}
