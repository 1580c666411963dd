/** /v1/guests/{guest}/pages/{address}: one page, explained. */
import { explainPage } from '../../../inspect/explain.js';
import { toBytes } from '../../../protocol/bytes.js';
import type { PAGE_ROUTES } from '../../../protocol/routes/pages.js';
import { pageWording } from '../../feeds/page-wording.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

const DEFAULT_TWINS = 10;

export function pageHandlers({ host, standstill }: Context): Handlers<typeof PAGE_ROUTES> {
  return {
    page: async ({ params, query }) => {
      const maxTwins = query.twins === undefined ? DEFAULT_TWINS : Number(query.twins);
      const explained = await standstill.change(() =>
        explainPage(host, params.guest, toBytes(params.address), maxTwins),
      );
      const { checksum, frame, hugePage, twins, ...rest } = explained;
      return {
        ...rest,
        ...pageWording(explained, host.tunables(), host.profile.splitFreesZeroes),
        ...(checksum === undefined ? {} : { checksum: checksum.toString(16).padStart(8, '0') }),
        ...(frame === undefined ? {} : { frame }),
        ...(hugePage === undefined ? {} : { hugePage }),
        twins: [...twins],
      };
    },
  };
}
