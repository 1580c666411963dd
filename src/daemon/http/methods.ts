/** Which methods a URL can be asked with, to tell whoever has asked with another. */
import type { Route } from '../../protocol/route.js';
import { ROUTES } from '../../protocol/routes.js';

/** The methods of the routes that a URL's path is of. */
export function methodsOf(urlPath: string): readonly Route['method'][] {
  const parts = urlPath.split('/');
  return Object.values(ROUTES)
    .filter(({ path }) => {
      const wanted = path.split('/');
      return (
        (wanted.length === parts.length || wanted.at(-1) === '*') &&
        wanted.every(
          (part, i) =>
            part === parts[i] ||
            ((part === '*' || part.startsWith(':')) && parts[i] !== undefined && parts[i] !== ''),
        )
      );
    })
    .map(({ method }) => method);
}
