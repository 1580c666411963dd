/** Whose pages an answer counts: a sentence, the same wherever recordings are judged. */

export interface Counted {
  /** What nobody has advised mergeable is left out. */
  readonly advisedOnly: boolean;
  /** Of the recording, images among them. */
  readonly guests: number;
  readonly images: number;
}

export function whatCounts({ advisedOnly, guests, images }: Counted): string {
  if (images === guests && images > 0) return 'As if all of the images were advised mergeable.';
  if (advisedOnly) {
    const also = images > 0 ? ', and images as if they were' : '';
    return `As KSM sees it now: what is advised mergeable${also}.`;
  }
  const also = images > 0 ? ', and all of the images,' : '';
  return `As if all private memory${also} were advised mergeable.`;
}
