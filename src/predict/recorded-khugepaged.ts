/**
 * Whether khugepaged has anything to do on a recorded host, by transparent_hugepage/enabled there:
 * never, and it stands still, whatever is in huge pages already; madvise, and it looks at advised
 * memory alone. Where any of the recorded memory is advised to huge pages all that was found in
 * them is taken for advised. A recording of images does not tell: its host is whoever captured
 * them.
 */
import type { RecordingHeader } from '../recording/format.js';
import type { Survey } from './survey.js';

const ENABLED = 'huge-pages/enabled';
const CHOSEN = /\[(.+)\]/;

export function isKhugepagedAtWork(
  { facts }: Pick<RecordingHeader, 'facts'>,
  { guests, images, hasHugeAdvice }: Pick<Survey, 'guests' | 'images' | 'hasHugeAdvice'>,
): boolean {
  if (images === guests.size) return true;
  const enabled = CHOSEN.exec(facts[ENABLED] ?? '')?.[1];
  return enabled !== 'never' && (enabled !== 'madvise' || hasHugeAdvice);
}
