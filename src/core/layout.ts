/**
 * Every shared word there is, by name.
 *
 * One shared WebAssembly.Memory holds the whole machine. Both the wasm core and the TypeScript
 * above it read this file, so it may hold nothing but integer constants. All positions are in
 * 32-bit words; a *pointer* to a structure is the word index of its first word, and 0 is "none".
 *
 * Who writes what:
 * - control block, geometry: whoever creates the memory, once, before any other thread sees it;
 * - frame table and free map: any thread, with atomics; the stable node word is set by the scanner
 *   and cleared by whoever frees the frame;
 * - slots: the pte words belong to whoever holds the pte's lock, the others to the scanner (to the
 *   API thread while the scanner is parked);
 * - stretches: any thread, with atomics;
 * - guests and regions: the API thread while the scanner is parked, the counters in them as noted;
 * - stable nodes, tree roots, cursor, KSM counters: the scanner (or the thread that has parked it).
 *
 * Not here: what the words mean in the algorithm (src/core/scan, src/core/trees).
 */

/** Bytes below this belong to the wasm module's own data. */
export const CONTROL_BASE = 1024;

// Geometry: written once at creation.
export const CTL_MAGIC = CONTROL_BASE;
/** Bytes of a guest's page: what its addresses and the counters of bytes go by. */
export const CTL_PAGE_SIZE = CONTROL_BASE + 1;
/** Number of frames, frame 0 (the zero page) included. */
export const CTL_FRAMES = CONTROL_BASE + 2;
export const CTL_SLOTS = CONTROL_BASE + 3;
export const CTL_GUESTS = CONTROL_BASE + 4;
export const CTL_REGIONS = CONTROL_BASE + 5;
export const CTL_STABLE_NODES = CONTROL_BASE + 6;
export const CTL_FRAME_TABLE = CONTROL_BASE + 7;
export const CTL_SLOT_TABLE = CONTROL_BASE + 8;
export const CTL_POPULATION_TABLE = CONTROL_BASE + 9;
export const CTL_GUEST_TABLE = CONTROL_BASE + 10;
export const CTL_REGION_TABLE = CONTROL_BASE + 11;
export const CTL_STABLE_NODE_TABLE = CONTROL_BASE + 12;
/** Frame 0's first byte is this times the bytes of a frame. */
export const CTL_FRAME_BASE = CONTROL_BASE + 13;
/** A bit for each frame: set if it was used and is free again. */
export const CTL_FREE_MAP = CONTROL_BASE + 14;
/** Bytes stored of a page: the page itself, or its fingerprint. */
export const CTL_FRAME_BYTES = CONTROL_BASE + 15;
/** Bytes of a fingerprint. */
export const FINGERPRINT_BYTES = 16;
export const CTL_STRETCH_TABLE = CONTROL_BASE + 17;

// Frame allocator: any thread, atomics only.
/** The word of the free map from which on the next free frame is looked for. */
export const CTL_FREE_HINT = CONTROL_BASE + 16;
/** Frames from here on have never been used. */
export const CTL_FRESH_FRAME = CONTROL_BASE + 18;
export const CTL_FRAMES_USED = CONTROL_BASE + 19;
/**
 * Threads that wait for a frame on CTL_FRAMES_FREED, which goes up with each frame freed while
 * there are any.
 */
export const CTL_FRAME_WAITERS = CONTROL_BASE + 20;
export const CTL_FRAMES_FREED = CONTROL_BASE + 21;
/** Stores given up for want of a frame. */
export const CTL_STORES_FAILED = CONTROL_BASE + 22;

/**
 * Huge pages ever made: what each is numbered by (FRAME_FOLIO_SHIFT). Any thread, atomically.
 */
export const CTL_FOLIOS = CONTROL_BASE + 23;

/** The number of the last fork, from 1 on (PTE_FORK_MASK). The API thread's. */
export const CTL_FORKS = CONTROL_BASE + 27;

/** Guests that ever came into khugepaged's list. Any thread, atomically. */
export const CTL_KHUGEPAGED_GUESTS = CONTROL_BASE + 26;

// Guests and regions.
/**
 * Goes up with every change to a guest's regions, so that a remembered region is known to be
 * current.
 */
export const CTL_REGIONS_EPOCH = CONTROL_BASE + 24;
export const CTL_SLOTS_USED = CONTROL_BASE + 25;

// A search of a tree, on the scanner's thread only.
/** Touched to keep reads before it apart from reads after it; its value means nothing. */
export const CTL_SEARCH_FENCE = CONTROL_BASE + 31;

// Threads: how the API thread wakes the scanner, and gets every other thread to stand still
// (src/machine/safepoint.ts).
/** Goes up whenever the scanner has something to look at; it sleeps on this word. */
export const CTL_DOORBELL = CONTROL_BASE + 32;
/** How many ask all threads to stand still. */
export const CTL_PARK_REQUESTS = CONTROL_BASE + 33;
/** Processor time the scanner has used, in whole milliseconds. */
export const CTL_SCANNER_CPU_MS = CONTROL_BASE + 34;
/** What a kernel's scanner would have used for the same, as priced. The scanner. */
export const CTL_KERNEL_CPU_MS = CONTROL_BASE + 35;

// KSM: cursor and lists.
export const CTL_CURSOR_GUEST = CONTROL_BASE + 48;
/** Head of the circular list of guests KSM knows, linked like a guest (see MM_NEXT, MM_PREV). */
export const CTL_MM_HEAD = CONTROL_BASE + 49;
/** Next virtual page number to be scanned in the cursor's guest: a 64-bit float. */
export const CTL_CURSOR_VPN = CONTROL_BASE + 52;
export const CTL_STABLE_NODE_FREE = CONTROL_BASE + 54;
export const CTL_STABLE_NODE_FRESH = CONTROL_BASE + 55;
export const CTL_STABLE_NODES_USED = CONTROL_BASE + 56;
/**
 * Stable nodes whose page is gone. Goes up before a frame lets go of its node, by whoever frees it;
 * down as the scanner removes the node. Atomics.
 */
export const CTL_STALE_NODES = CONTROL_BASE + 57;
/** Where the last walk over a region's slots ended (src/core/scan/walk.ts). */
export const CTL_WALKED = CONTROL_BASE + 58;

// KSM: counters. Written by the scanner, except CTL_ZERO_PAGES (any thread, atomically).
export const CTL_PAGES_SHARED = CONTROL_BASE + 64;
export const CTL_PAGES_SHARING = CONTROL_BASE + 65;
export const CTL_PAGES_UNSHARED = CONTROL_BASE + 66;
export const CTL_RMAP_ITEMS = CONTROL_BASE + 67;
export const CTL_STABLE_NODE_CHAINS = CONTROL_BASE + 68;
export const CTL_STABLE_NODE_DUPS = CONTROL_BASE + 69;
/** Count of completed full scans, and the unstable tree's generation. */
export const CTL_SEQNR = CONTROL_BASE + 70;
export const CTL_ZERO_PAGES = CONTROL_BASE + 71;
/** Counters that outgrow 32 bits: low word here, high word next to it. */
export const CTL_PAGES_SCANNED = CONTROL_BASE + 72;
export const CTL_PAGES_SKIPPED = CONTROL_BASE + 74;
export const CTL_CHECKSUMS = CONTROL_BASE + 76;
/** Pages merged, and such given back, since the start. The second: any thread, atomically. */
export const CTL_MERGES = CONTROL_BASE + 78;
export const CTL_COW_BREAKS = CONTROL_BASE + 80;
/** Huge pages that KSM split, and pages that went to the zero page as they were split. */
export const CTL_SPLITS = CONTROL_BASE + 82;
export const CTL_SPLIT_ZEROES = CONTROL_BASE + 84;

// KSM: what the kernel would have done so far, whatever is spared here. Two words each, written by
// the scanner.
/** Checksums taken: one a visit to a page that is not merged, unless a search came before it. */
export const CTL_KERNEL_CHECKSUMS = CONTROL_BASE + 86;
/** Pages of the stable tree, and of the unstable tree, that a page was compared with. */
export const CTL_KERNEL_STABLE_LEVELS = CONTROL_BASE + 88;
export const CTL_KERNEL_UNSTABLE_LEVELS = CONTROL_BASE + 90;
export const CTL_KERNEL_ITEMS_MADE = CONTROL_BASE + 92;
/** Visits to pages that were merged already. */
export const CTL_KERNEL_MERGED_VISITS = CONTROL_BASE + 94;
/** Of these, to the KSM page that the one before was to: what the caches hold costs less. */
export const CTL_KERNEL_REPEATED_VISITS = CONTROL_BASE + 124;
/** Pages of mergeable regions that were not there when the scanner came by. */
export const CTL_KERNEL_ABSENT = CONTROL_BASE + 120;

// KSM: tunables, under their sysfs names.
export const CTL_RUN = CONTROL_BASE + 96;
export const CTL_PAGES_TO_SCAN = CONTROL_BASE + 97;
export const CTL_SLEEP_MILLISECS = CONTROL_BASE + 98;
export const CTL_MERGE_ACROSS_NODES = CONTROL_BASE + 99;
/** NO_SHARING_LIMIT in kernels that have no chains. */
export const CTL_MAX_PAGE_SHARING = CONTROL_BASE + 100;
export const NO_SHARING_LIMIT = 0;
export const CTL_CHAINS_PRUNE_MILLISECS = CONTROL_BASE + 101;
export const CTL_USE_ZERO_PAGES = CONTROL_BASE + 102;
export const CTL_SMART_SCAN = CONTROL_BASE + 103;
export const CTL_ADVISOR_MODE = CONTROL_BASE + 104;
export const CTL_ADVISOR_MAX_CPU = CONTROL_BASE + 105;
export const CTL_ADVISOR_MIN_PAGES_TO_SCAN = CONTROL_BASE + 106;
export const CTL_ADVISOR_MAX_PAGES_TO_SCAN = CONTROL_BASE + 107;
export const CTL_ADVISOR_TARGET_SCAN_TIME = CONTROL_BASE + 108;
// KSM: tunables of ksmd's own.
/** 1: a batch lasts as long as the kernel's would; the scanner's thread alone goes by it. */
export const CTL_PACE = CONTROL_BASE + 122;
/** 1: a page written since its last visit counts as changed, and no checksum is taken. */
export const CTL_CHANGE_DETECTION = CONTROL_BASE + 109;
// KSM: what the kernel profile has the core do (src/ksm/kernels.ts): 1 or 0, written once.
export const CTL_CHECKSUM_FIRST = CONTROL_BASE + 110;
export const CTL_CHAINS_ALWAYS_YIELD = CONTROL_BASE + 111;
export const CTL_SPLIT_FREES_ZEROES = CONTROL_BASE + 116;
export const CTL_DONTNEED_FREES_TABLES = CONTROL_BASE + 117;
export const CTL_COLLAPSE_NEEDS_WRITABLE = CONTROL_BASE + 119;
/** When a store may go on with its page of a huge page that a fork had shared: one of REUSE_. */
export const CTL_REUSE = CONTROL_BASE + 118;
export const REUSE_NEVER = 0;
/** Nothing else of the huge page is mapped anywhere. */
export const REUSE_LAST = 1;
/** No other guest maps any of it. */
export const REUSE_EXCLUSIVE = 2;

// KSM: advisor's memory of the scan before.
export const CTL_ADVISOR_CHANGE = CONTROL_BASE + 112;
export const CTL_ADVISOR_SCAN_TIME = CONTROL_BASE + 113;
export const CTL_ADVISOR_CPU_MS = CONTROL_BASE + 114;
export const CTL_ADVISOR_START_MS = CONTROL_BASE + 115;

/** At most this many NUMA nodes: as many tree roots of each kind. */
export const MAX_NUMA_NODES = 16;
export const CTL_STABLE_ROOTS = CONTROL_BASE + 128;
export const CTL_UNSTABLE_ROOTS = CONTROL_BASE + 144;
/**
 * The nodes that bound the search under way; a red-black tree of 2^28 nodes is no deeper. The core,
 * on the scanner's thread only.
 */
export const CTL_SEARCH_PATH = CONTROL_BASE + 160;
/** What each thread is doing, by the name it has in pte locks: one of the THREAD_ values. */
export const CTL_THREAD_STATES = CONTROL_BASE + 224;
/** Not 0: the thread of that name is asked to end. It sleeps on this word. */
export const CTL_THREAD_STOPS = CONTROL_BASE + 480;
/** 1 while the thread of that name is one of CTL_FRAME_WAITERS. */
export const CTL_THREAD_WAITS = CONTROL_BASE + 736;
/**
 * What is known of the pages at the edges of the stable tree and of the unstable tree
 * (src/core/trees/edge.ts). The core, on the scanner's thread only.
 */
export const CTL_EDGES = CONTROL_BASE + 992;
export const EDGE_STABLE = 0;
export const EDGE_UNSTABLE = 1;
/** Nodes further down an edge than this are not kept. */
export const EDGE_DEPTHS = 32;
export const EDGE_NODE = 0;
/** The node above, and how many leading bytes the two pages share. */
export const EDGE_BOUND = 1;
export const EDGE_EQUAL = 2;
export const EDGE_WORDS = 3;
/** Two edges a tree. */
export const EDGE_TREE_WORDS = 192;
/**
 * What each thread last loaded, by the name it has in pte locks: at most LOAD_WORDS words. That
 * thread only.
 */
export const CTL_LOADED = CONTROL_BASE + 1376;
export const LOAD_WORDS = 8;
/**
 * Bytes on their way into pages (src/core/memory/fill.ts): 64 KiB, and room to begin at any byte of
 * eight. The API thread only.
 */
export const CTL_INCOMING = CONTROL_BASE + 3424;
export const INCOMING_WORDS = 16386;
/**
 * The pages whose ways down the trees are walked ahead of their searches
 * (src/core/trees/lookahead.ts). The core, on the scanner's thread only.
 */
export const CTL_LOOKAHEAD = CONTROL_BASE + 19810;
export const LOOKAHEAD_PAGES = 16;
/** The first four bytes of the page, as a number that is larger if they are. */
export const LOOKAHEAD_KEY = 0;
/** Of which NUMA node the trees are. */
export const LOOKAHEAD_TREE = 1;
/** How far the way has been walked; 0 at its end. */
export const LOOKAHEAD_NODE = 2;
export const LOOKAHEAD_WORDS = 3;
export const CONTROL_END = CONTROL_BASE + 19858;

/** There is no such thread. */
export const THREAD_NONE = 0;
export const THREAD_RUNNING = 1;
/** Touches nothing, and will not before it has looked whether it may. */
export const THREAD_RESTING = 2;

// A frame of physical memory.
export const FRAME_WORDS = 3;
/** How many ptes map it, plus references held for a moment; 0 is free. */
export const FRAME_MAPCOUNT = 0;
export const FRAME_STABLE_NODE = 1;
/** While in use: its NUMA node in the low bits, and the flags below. */
export const FRAME_FLAGS = 2;
export const FRAME_NUMA_NODE_MASK = 0xf;
/**
 * A KSM page: KSM has write-protected it for good. It has a stable node, is about to get one, or
 * its merge was given up when another guest mapped it too. The scanner sets it, under the lock of a
 * pte that maps the frame.
 */
export const FRAME_KSM = 0x10;
/** From here on, the number of the huge page that it is a part of; 0: none. */
export const FRAME_FOLIO_SHIFT = 5;
export const FRAME_FOLIO_MASK = -32;
export const MAX_FOLIO = 0x7ffffff;

// A red-black tree node: the first three words of a slot and of a stable node.
/** Parent pointer times two, plus the colour. */
export const RB_PARENT_COLOR = 0;
export const RB_LEFT = 1;
export const RB_RIGHT = 2;
export const RB_RED = 0;
export const RB_BLACK = 1;

// A slot: one registered page, its rmap item and its pte.
export const SLOT_WORDS = 8;
/**
 * When listed from the stable tree: the stable node, and the neighbours in its list (the tree words
 * otherwise).
 */
export const RMAP_HEAD = 0;
/** In no tree and on no list: how many visits in a row have found the page changed. */
export const RMAP_CHANGES = 0;
export const RMAP_NEXT = 1;
export const RMAP_PREV = 2;
/**
 * With PTE_HASHED: the checksum of what the page held when PTE_DIRTY was last cleared. With
 * RMAP_EXCERPTED, while the page is clean: two of its bytes, and above them where in the page they
 * are. Of a fingerprint its first four bytes, the first of them highest.
 */
export const PTE_CHECKSUM = 3;
export const RMAP_FLAGS = 4;
export const SLOT_REGION = 5;
export const PTE_STATE = 6;
export const PTE_FRAME = 7;

// RMAP_FLAGS: age in bits 0 to 7, then the fields below.
export const RMAP_AGE_MASK = 0xff;
export const RMAP_SKIPS_SHIFT = 8;
export const RMAP_SKIPS_MASK = 0xf00;
export const RMAP_NUMA_NODE_SHIFT = 12;
export const RMAP_NUMA_NODE_MASK = 0xf000;
export const RMAP_SEQNR_SHIFT = 16;
export const RMAP_SEQNR_MASK = 0xff0000;
/** The rmap item exists. */
export const RMAP_IN_USE = 0x1000000;
/** It is listed from a stable node. */
export const RMAP_STABLE = 0x2000000;
/** It is a node of the unstable tree. */
export const RMAP_UNSTABLE = 0x4000000;
/** The scanner has seen the page before, and cleared its dirty bit. */
export const RMAP_SEEN = 0x8000000;
/** Its place in the unstable tree was found among nodes that all bound what lies below them. */
export const RMAP_TRUSTED = 0x10000000;
/** PTE_CHECKSUM holds an excerpt of the page instead. */
export const RMAP_EXCERPTED = 0x20000000;
/** The last visit found a KSM page of the same content, which takes no more mappings. */
export const RMAP_FULL = 0x40000000;
/** Smart scan left it out when the scanner last passed. */
export const RMAP_SKIPPED = -0x80000000;

// PTE_STATE: who holds the lock in bits 0 to 7 (0: nobody), then flags.
export const PTE_HOLDER_MASK = 0xff;
/** Maps a frame of the guest's own or a KSM frame. */
export const PTE_PRESENT = 0x100;
export const PTE_WRITABLE = 0x200;
export const PTE_MERGEABLE = 0x400;
/** Written since the scanner last saw it. */
export const PTE_DIRTY = 0x800;
/** Maps the zero page, put there by KSM. */
export const PTE_ZERO = 0x1000;
/** PTE_CHECKSUM is known. */
export const PTE_HASHED = 0x2000;
/** Not writable for as long as a snapshot holds the frame, which no other pte maps. */
export const PTE_HELD = 0x4000;
/** The frame is the page's own to write, now or once it is no longer held. */
export const PTE_OWN = 0x4200;
/**
 * Which fork the page has been shared since, by the numbers of CTL_FORKS; 0: its frame came for it
 * alone. Pages at one place of kin that bear one number would map one frame if KSM had merged
 * nothing, whatever they map now.
 */
export const PTE_FORK_MASK = 0x7fff8000;
export const PTE_FORK_SHIFT = 15;
/** The highest number of a fork: after it they begin anew. */
export const LAST_FORK = 0xffff;

/**
 * Ptes present plus rmap items in use are counted in groups of this many slots (a power of two), so
 * that untouched memory is passed over.
 */
export const POPULATION_SHIFT = 6;

/**
 * A stretch is as much of a guest's addresses as a huge page covers, from a multiple of that on:
 * 2 MiB of pages of 4 KiB.
 */
export const STRETCH_SHIFT = 9;
export const STRETCH_PAGES = 512;
// What a stretch's word says: who holds its lock in bits 0 to 7, then flags.
export const STRETCH_HOLDER_MASK = 0xff;
/** Its pages are mapped one by one. */
export const STRETCH_SMALL = 0x100;
/** One huge page is mapped there. */
export const STRETCH_HUGE = 0x200;

// A guest: one address space.
export const GUEST_WORDS = 16;
export const MM_NEXT = 0;
export const MM_PREV = 1;
export const GUEST_STATE = 2;
export const GUEST_FIRST_REGION = 3;
/** Which new frames of its pages come from, where a region says nothing else. */
export const GUEST_NUMA_NODE = 4;
/** Is on the list that starts at CTL_MM_HEAD. */
export const GUEST_ON_LIST = 5;
export const GUEST_RMAP_ITEMS = 6;
export const GUEST_MERGING_PAGES = 7;
/** Any thread, atomically, as the next one. */
export const GUEST_ZERO_PAGES = 8;
export const GUEST_PRESENT_PAGES = 9;
/**
 * Visits that looked at a page of it, since it began, in two words. A page passed over because
 * nothing can have changed is none.
 */
export const GUEST_VISITS = 10;
/**
 * What its rmap items and merging pages are said to be more than they are: what a fork on an old
 * kernel has copied.
 */
export const GUEST_INHERITED_ITEMS = 12;
export const GUEST_INHERITED_MERGING = 13;
/** Its place in the list of those that khugepaged goes over; 0: none. Any thread, atomically. */
export const GUEST_KHUGEPAGED = 14;
/** 1: all that it maps is mergeable from its birth on (PR_SET_MEMORY_MERGE): the API thread. */
export const GUEST_MERGE_ANY = 15;
export const GUEST_FREE = 0;
export const GUEST_LIVE = 1;
/** Exited; its rmap items wait for the scanner. */
export const GUEST_EXITING = 2;

// A region: one mapping of a guest, or what is left of one whose rmap items wait for the scanner (a
// ghost: nothing is mapped there).
export const REGION_WORDS = 14;
/** First virtual page number: a 64-bit float. */
export const REGION_VPN = 0;
export const REGION_PAGES = 2;
/** Pointer of its first slot. */
export const REGION_SLOT = 3;
/** The guest's pointer; 0: the entry is free. */
export const REGION_GUEST = 4;
export const REGION_NEXT = 5;
/** How many of its pages are mergeable; REGION_GHOST for a ghost. */
export const REGION_MERGEABLE = 6;
export const REGION_GHOST = -1;
/** Rmap items in use in its slots: the scanner. */
export const REGION_RMAP_ITEMS = 7;
/** Not 0: advised to huge pages. HUGE_TOUCHED: and touched since. */
export const REGION_HUGE = 8;
export const HUGE_ADVISED = 1;
export const HUGE_TOUCHED = 2;
/** Pages from the beginning of a stretch to the region's first page. */
export const REGION_LEAD = 9;
/**
 * The next of the regions that were one before their guests forked, in a ring; itself, if it is the
 * only one. A huge page is mapped at the same page of each.
 */
export const REGION_KIN = 10;
/** 1: a fork has copied it, or made it. */
export const REGION_FORKED = 11;
/** The NUMA node that new frames of its pages come from, plus 1; 0: the guest's. */
export const REGION_NUMA_NODE = 12;

// A stable node, or the head of a chain of them.
export const STABLE_NODE_WORDS = 8;
/** In a chain: STABLE_DUP here instead of a parent, and the neighbours in the chain. */
export const STABLE_HEAD = 0;
export const STABLE_DUP_NEXT = 1;
export const STABLE_DUP_PREV = 2;
export const STABLE_DUP = -1;
/** First rmap item of a node, first dup of a chain. */
export const STABLE_FIRST = 3;
/** Its frame; of a chain, when it was last pruned, in milliseconds. */
export const STABLE_FRAME = 4;
export const STABLE_PRUNE_MS = 4;
/** Rmap items listed from it, or STABLE_CHAIN. */
export const STABLE_LENGTH = 5;
export const STABLE_CHAIN = -1024;
/**
 * NUMA node in the low byte; in the tree, above it, where in the page STABLE_EXCERPT is from, plus
 * 1; 0 if there is none.
 */
export const STABLE_NUMA_NODE = 6;
export const STABLE_NUMA_NODE_MASK = 0xff;
export const STABLE_EXCERPT_SHIFT = 8;
/** In a chain, the chain a dup belongs to. */
export const STABLE_OWNER = 7;
/**
 * In the tree, four bytes of the page, where those that come to be compared with it are likely to
 * differ.
 */
export const STABLE_EXCERPT = 7;

// Answers of a core search.
export const SEARCH_ABSENT = 0;
/** An equal page. */
export const SEARCH_FOUND = 1;
/** The node found is a chain or stale: the caller looks at it, then resumes or starts again. */
export const SEARCH_LOOK = 2;
/** A page of the unstable tree is gone or no longer mergeable: nothing may be concluded. */
export const SEARCH_GAVE_UP = 3;
/**
 * A page that bounded the search was freed meanwhile: nothing may be concluded, the caller starts
 * again.
 */
export const SEARCH_AGAIN = 4;
