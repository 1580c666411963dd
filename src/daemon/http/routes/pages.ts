/** /v1/guests/{guest}/pages/{address}: one page, explained. */
import { explainPage } from '../../../inspect/explain.js';
import { Page, PageParams, PageQuery } from '../../../protocol/routes/pages.js';
import { toBytes } from '../../../protocol/values.js';
import { pageWords } from '../../feeds/page-words.js';
import { type Api, type Context, route } from '../context.js';

const DEFAULT_TWINS = 10;

export function pageRoutes(api: Api, { host }: Context): void {
  api.route({
    ...route('page', { params: PageParams, querystring: PageQuery }, { 200: Page }),
    handler: ({ params, query }): Page => {
      const maxTwins = query.twins === undefined ? DEFAULT_TWINS : Number(query.twins);
      const explained = explainPage(host, params.guest, toBytes(params.address), maxTwins);
      const { checksum, frame, twins, ...rest } = explained;
      return {
        ...rest,
        ...pageWords(explained, host.tunables()),
        ...(checksum === undefined ? {} : { checksum: checksum.toString(16).padStart(8, '0') }),
        ...(frame === undefined ? {} : { frame }),
        twins: [...twins],
      };
    },
  });
}
