/**
 * What guests take of a host's memory once KSM has merged what they share, on the safe side: what
 * is saved between them is told from a sample, and writes break some of it apart again.
 */
import { Scale } from '../../estimate/scale.js';

export class HostMemory {
  private readonly scale: Scale;

  constructor(
    pagesAContent: number,
    private readonly breakMargin: number,
    readonly pages: number,
  ) {
    this.scale = new Scale(pagesAContent);
  }

  /**
   * Never more than what the guests take alone: that nothing is saved is the worst.
   *
   * @param copies over the sample's contents, all holders but one
   * @param squares the sum of the squares of these
   */
  used(alonePages: number, copies: number, squares: number): number {
    const { pages, error } = this.scale.of({ sum: copies, squares });
    return Math.ceil(alonePages - Math.max((1 - this.breakMargin) * pages - error, 0));
  }
}
