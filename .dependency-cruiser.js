/**
 * Which folder may import which: downwards only, and no circle. ARCHITECTURE.md's code map says the
 * same in words.
 */

/**
 * Beside the folders: errors, names and what is like one, the writing of addresses and of outside
 * text, the version, and what Node does not have of the C library.
 */
const COMMON = ['src/(errors|hex|libc|names|printable|similar|version)\\.ts'];

/** What a folder may import besides itself, COMMON and packages. */
const MAY_IMPORT = {
  'src/core': [],
  'src/machine': ['src/core'],
  'src/khugepaged': ['src/machine', 'src/core'],
  'src/ksm': ['src/khugepaged', 'src/machine', 'src/core'],
  'src/inspect': ['src/ksm', 'src/machine', 'src/core'],
  'src/sim': ['src/inspect', 'src/ksm'],
  'src/conformance': ['src/inspect', 'src/ksm', 'src/machine', 'src/core'],
  'src/snapshot': ['src/inspect', 'src/ksm', 'src/machine', 'src/core'],
  'src/workload': [],
  'src/sources': [],
  'src/fingerprints': [],
  'src/recording': ['src/sources', 'src/fingerprints'],
  'src/estimate': ['src/recording', 'src/fingerprints'],
  'src/fleet': ['src/estimate', 'src/recording', 'src/fingerprints', 'src/workload/random\\.ts'],
  'src/prices': ['src/sources', 'src/ksm', 'src/machine'],
  'src/predict': [
    'src/prices',
    'src/recording',
    'src/fingerprints',
    'src/inspect',
    'src/ksm',
    'src/khugepaged',
    'src/machine',
  ],
  'src/hotspots': [],
  'src/protocol': [],
  'src/client': ['src/protocol'],
  'src/wording': ['src/protocol'],
  'src/web': ['src/protocol', 'src/wording'],
  'src/daemon': [
    'src/prices/(prices|default-prices|kernel-meter)\\.ts',
    'src/snapshot',
    'src/inspect',
    'src/ksm',
    'src/khugepaged',
    'src/machine',
    'src/core',
    'src/workload',
    'src/estimate',
    'src/recording',
    'src/fingerprints',
    'src/hotspots',
    'src/protocol',
  ],
  'src/cli': [
    'src/client',
    'src/protocol',
    'src/wording',
    'src/sources',
    'src/fingerprints',
    'src/recording',
    'src/estimate',
    'src/fleet',
    'src/prices',
    'src/predict',
    'src/conformance',
    'src/hotspots',
    // What a page's curves, and its map, are drawn from.
    'src/web/(prediction/curves|heat-map/heat-map-data)\\.ts',
    // What kernels and tunables there are.
    'src/khugepaged/tunables\\.ts',
    'src/ksm/(kernels|host-kernel|tunables)\\.ts',
    'src/ksm/records',
  ],
  // As other people's programs: by the package's own name.
  tools: ['src', 'dist/(client|sim)/index\\.js'],
  bench: ['src', 'tools'],
  packaging: [
    'src/cli',
    'src/protocol',
    'src/(prices|recording)/schemas\\.ts',
    'src/snapshot/header-schema\\.ts',
    'src/daemon/fatal\\.ts',
  ],
  bin: ['dist/cli/main\\.js'],
};

/** The one verb that is the daemon, and not its client. */
const DAEMON_VERBS = 'src/cli/commands/daemon/';

const downwards = Object.entries(MAY_IMPORT).map(([folder, below]) => ({
  name: `${folder.replace('/', '-')}-imports-downwards`,
  comment: `${folder} may import ${[...below, 'nothing else'].join(', ')}`,
  severity: 'error',
  from: { path: `^${folder}/`, pathNot: folder === 'src/cli' ? `^${DAEMON_VERBS}` : [] },
  to: {
    path: '^(src|dist|tools|bench|packaging|test|bin)/',
    pathNot: [folder, ...COMMON, ...below].map((path) => `^${path}($|/)`),
  },
}));

export default {
  forbidden: [
    ...downwards,
    {
      name: 'start-is-the-daemon',
      comment: 'the verbs of the daemon import daemon and snapshot besides what the others may',
      severity: 'error',
      from: { path: `^${DAEMON_VERBS}` },
      to: {
        path: '^(src|dist|tools|bench|packaging|test|bin)/',
        pathNot: [
          'src/cli',
          'src/daemon',
          'src/snapshot',
          // What no machine can have is refused before one is made.
          'src/machine/frame-sizes\\.ts',
          ...COMMON,
          ...MAY_IMPORT['src/cli'],
        ].map((path) => `^${path}($|/)`),
      },
    },
    {
      name: 'common-imports-nothing',
      comment: 'but for errors, which make what they say printable, and those who fail with one',
      severity: 'error',
      from: { path: COMMON.map((path) => `^${path}$`) },
      to: {
        path: '^(src|dist|tools|bench|packaging|test|bin)/',
        pathNot: '^src/(errors|printable)\\.ts$',
      },
    },
    {
      name: 'a-folder-has-a-rule',
      comment: 'a new folder is to be given its place in MAY_IMPORT',
      severity: 'error',
      from: {
        path: '^(src|tools|bench|packaging|bin)/',
        pathNot: [...Object.keys(MAY_IMPORT), ...COMMON].map((path) => `^${path}($|/)`),
      },
      to: {},
    },
    {
      name: 'web-imports-types-only',
      comment:
        'the browser is served what lies in dist/web and dist/wording, and of the rest of dist ' +
        'hex.js, names.js and two of protocol alone',
      severity: 'error',
      from: { path: '^dist/(web|wording)/.*\\.js$' },
      to: {
        path: '^dist/',
        pathNot: '^dist/((web|wording)/|(hex|names|protocol/(kept-samples|run-lengths))\\.js$)',
      },
    },
    {
      name: 'no-circle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    parser: 'swc',
    // Imports of types count: who needs to know a type is above it.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/.*\\.d\\.ts$' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node'] },
  },
};
