/** /v1/khugepaged: what an administrator reads and writes of the kernel's khugepaged. */
import { KHUGEPAGED } from '../../../names.js';
import type { KHUGEPAGED_ROUTES } from '../../../protocol/routes/khugepaged.js';
import type { Context } from '../context.js';
import type { Handlers } from '../register.js';

export function khugepagedHandlers({
  host,
  tunables,
}: Context): Handlers<typeof KHUGEPAGED_ROUTES> {
  return {
    khugepaged: () => host.files.khugepagedFiles(),
    setKhugepaged: async ({ body }) => {
      const values = Object.entries(body).map(([name, value]) => [KHUGEPAGED + name, value]);
      await tunables.write(Object.fromEntries(values));
      return host.files.khugepagedFiles();
    },
  };
}
