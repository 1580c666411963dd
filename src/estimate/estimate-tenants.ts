/**
 * What merging only within tenants would save, and what it gives up. A guest's merge domain is a
 * property of no real kernel; what comes near it is told beside: a host for each tenant, which
 * saves the same, and nodes that do not merge with one another, which tenants may share.
 */
import { KsmdError } from '../errors.js';
import { MOST_NODES } from '../recording/format.js';
import { ContentSets } from './content-sets.js';
import { type Estimated, type Scale, Summed } from './scale.js';

const MOST_TENANTS = 1024;

export interface TenantEstimate {
  readonly name: string;
  readonly guests: number;
  readonly pages: number;
  readonly zeroPages: number;
  /** Frames that merging within the tenant gives back, zero pages apart. */
  readonly saved: Estimated;
}

export interface TenantsEstimate {
  /** Those that save most first. */
  readonly each: readonly TenantEstimate[];
  /** What all of them save together, each within itself. */
  readonly saved: Estimated;
  /** Of all that could be saved, what only tenants with one another have in common. */
  readonly lostToIsolation: Estimated;
  /**
   * What merge_across_nodes=0 saves, as guests lie now, and what of it tenants have in common: so
   * far it isolates nobody. Undefined on one node.
   */
  readonly onNodes: { readonly saved: Estimated; readonly acrossTenants: Estimated } | undefined;
}

interface Counted {
  readonly pages: number;
  readonly zeroPages: number;
  readonly contentPages: number;
}

interface Tenant {
  guests: number;
  pages: number;
  zeroPages: number;
  contentPages: number;
  readonly distinct: Summed;
}

export class TenantTally {
  private readonly tenants = new Map<string, Tenant>();
  private readonly ofContents = new ContentSets();
  /** Each tenant on each node is one. */
  private readonly onNodes = new ContentSets();

  constructor(private readonly nodes: number) {}

  /** To be told of the guests of a tenant, and of what they have. EINVAL if there are too many. */
  tenant(name: string): {
    addGuest(count: Counted): void;
    addContent(content: number, node: number | undefined): void;
  } {
    const tenant = this.tenants.get(name) ?? {
      ...{ guests: 0, pages: 0, zeroPages: 0, contentPages: 0 },
      distinct: new Summed(),
    };
    this.tenants.set(name, tenant);
    if (this.tenants.size > MOST_TENANTS)
      throw new KsmdError('EINVAL', `more than ${MOST_TENANTS} tenants: have fewer in the file`);
    const number = [...this.tenants.keys()].indexOf(name);
    return {
      addGuest: ({ pages, zeroPages, contentPages }) => {
        tenant.guests++;
        tenant.pages += pages;
        tenant.zeroPages += zeroPages;
        tenant.contentPages += contentPages;
      },
      addContent: (content, node) => {
        this.ofContents.add(content, number);
        if (node !== undefined) this.onNodes.add(content, number * MOST_NODES + node);
      },
    };
  }

  /** Once all are told; `contents`: how many there are. */
  estimate(contents: number, onNodes: ContentSets, scale: Scale): TenantsEstimate {
    const all = [...this.tenants];
    const contentPages = all.reduce((sum, [, tenant]) => sum + tenant.contentPages, 0);
    const distinct = new Summed();
    const lost = new Summed();
    this.ofContents.eachSet(contents, (members, times) => {
      distinct.addEach(members.length, times);
      lost.addEach(members.length - 1, times);
      for (const member of members) all[member]?.[1].distinct.addEach(1, times);
    });
    const distinctOnNodes = new Summed();
    const across = new Summed();
    for (let content = 0; content < contents; content++) {
      const nodes = onNodes.countOf(content);
      distinctOnNodes.add(Math.max(nodes, 1));
      across.add(this.onNodes.countOf(content) - nodes);
    }
    return {
      each: all
        .map(([name, { guests, pages, zeroPages, ...own }]) => {
          const saved = scale.without(own.contentPages, own.distinct);
          return { name, guests, pages, zeroPages, saved };
        })
        .sort((a, b) => b.saved.pages - a.saved.pages),
      saved: scale.without(contentPages, distinct),
      lostToIsolation: scale.of(lost),
      onNodes:
        this.nodes > 1
          ? {
              saved: scale.without(contentPages, distinctOnNodes),
              acrossTenants: scale.of(across),
            }
          : undefined,
    };
  }
}
