/** What ksmd says over its socket where a kernel has files. */
import type { Client } from '../../../src/client/client.js';
import { PAGE_SIZE } from '../memory.js';
import type { Told } from '../way.js';
import type { Files } from './ksmd.js';

export function socketFiles(client: Client): Files {
  return {
    ksm: {
      read: async (name) => Number((await client.ksm())[name]),
      write: async (name, value) => {
        await client.setKsm({ [name]: value });
      },
    },
    of: (guest) => told(client, guest),
  };
}

function told(client: Client, guest: string): Told {
  return {
    ksmStat: async () => {
      const { ksm_stat } = await client.guest(guest);
      return Object.fromEntries(
        Object.entries(ksm_stat).map(([name, value]) => [name, String(value)]),
      );
    },
    ksmMergingPages: async () => Number((await client.guest(guest)).ksm_stat.ksm_merging_pages),
    footprint: async () => {
      const { guests } = await client.report();
      const report = guests.find(({ name }) => name === guest);
      if (report === undefined) throw new Error(`there is no guest ${guest}`);
      const { rssPages, pssBytes } = report.footprint;
      return { residentPages: rssPages, proportionalPages: pssBytes / PAGE_SIZE };
    },
  };
}
