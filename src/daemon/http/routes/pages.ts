/** /v1/guests/{guest}/pages/{address}: one page, explained. */
import { explainPage } from '../../../inspect/explain.js';
import { population } from '../../../inspect/population.js';
import { takeLikes } from '../../../inspect/unmerged.js';
import { MOST_LOOKED_AT } from '../../../names.js';
import { toBytes } from '../../../protocol/bytes.js';
import type { PAGE_ROUTES } from '../../../protocol/routes/pages.js';
import { pageWording } from '../../feeds/page-wording.js';
import { lookInSlices } from '../../slices.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

const DEFAULT_TWINS = 10;
/** Those of a page that waits for its like. */
const LONELY = ['waiting', 'volatile', 'skipped', 'unshared'];

export function pageHandlers({ host, standstill }: Context): Handlers<typeof PAGE_ROUTES> {
  return {
    page: async ({ params, query }) => {
      const maxTwins = query.twins === undefined ? DEFAULT_TWINS : Number(query.twins);
      const address = toBytes(params.address);
      const explained = await standstill.change(() =>
        explainPage(host, params.guest, address, maxTwins),
      );
      const isLonely = LONELY.includes(explained.state) && explained.ksmPages === 0;
      // Some are looked for in any case: that one is named which waits for the same.
      const likes =
        isLonely && population(host).presentPages <= MOST_LOOKED_AT
          ? await lookInSlices(() =>
              takeLikes(host, params.guest, address, Math.max(DEFAULT_TWINS, maxTwins)),
            )
          : undefined;
      const { checksum, frame, hugePage, twins, ...rest } = explained;
      return {
        ...rest,
        ...pageWording(explained, host.files.tunables(), host.profile.splitFreesZeroes, likes),
        ...(checksum === undefined ? {} : { checksum: checksum.toString(16).padStart(8, '0') }),
        ...(frame === undefined ? {} : { frame }),
        ...(hugePage === undefined ? {} : { hugePage }),
        twins: [...twins],
        ...(likes === undefined ? {} : { likes: { ...likes, first: [...likes.first] } }),
      };
    },
  };
}
