/*
 * The one-way rule, enforced: `npm run check:architecture`. docs/architecture.md draws what stands here. A stage may
 * import what lies below it, and nothing else; the order of LAYERS is the order of the data.
 */

const BASE = ['errors', 'util'];
const BELOW_TRANSPORT = ['config', 'platform', 'store', 'telemetry', ...BASE];
const BELOW_STAGES = ['transport', ...BELOW_TRANSPORT];
const BELOW_CREDENTIALS = ['users', 'verification', 'token', ...BELOW_STAGES];
const BELOW_CONSUMERS = ['registration', 'credentials', ...BELOW_CREDENTIALS];

/** Each stage of lib/ and the stages that it may import beside itself. A folder that is not listed is a fault. */
const LAYERS = {
  errors: [],
  util: [],
  platform: ['util'],
  telemetry: ['platform', ...BASE],
  store: BASE,
  config: ['platform', 'store', 'telemetry', ...BASE],
  transport: BELOW_TRANSPORT,
  token: BELOW_STAGES,
  sharing: ['token', ...BELOW_STAGES],
  verification: BELOW_STAGES,
  users: ['verification', 'token', ...BELOW_STAGES],
  credentials: BELOW_CREDENTIALS,
  registration: ['config', 'platform', 'store', 'telemetry', ...BASE],
  guard: BELOW_CONSUMERS,
  http: BELOW_CONSUMERS,
  // Entry points of their own, for applications that have the peer.
  terminus: BELOW_CONSUMERS,
  mindconnect: ['http', ...BELOW_CONSUMERS],
  opentelemetry: BELOW_CONSUMERS,
};

/** The entry point for tests stands above everything. */
const TESTING = 'testing';

/** The commands may import everything. */
const CLI = 'cli';

/** Optional peers, each at home in one folder. `@nestjs/config` has none: `ConfigService` is taken by its shape. */
const OPTIONAL_PEERS = {
  redis: 'store/redis',
  keyv: 'store/keyv',
  '@nestjs/terminus': 'terminus',
  '@mindconnect/mindconnect-nodejs': 'mindconnect',
  '@opentelemetry/api': 'opentelemetry',
  httpxy: 'testing/gateway',
  '@nestjs/config': undefined,
};

const known = [...Object.keys(LAYERS), TESTING, CLI];

const layerRules = Object.entries(LAYERS).map(([layer, below]) => ({
  name: `${layer}-imports-only-what-lies-below`,
  comment: `lib/${layer} may import: ${below.join(', ') || 'nothing else of lib/'}.`,
  severity: 'error',
  from: { path: `^lib/${layer}/` },
  to: { path: '^lib/', pathNot: `^lib/(?:${[layer, ...below].join('|')})/` },
}));

const peerRules = Object.entries(OPTIONAL_PEERS).map(([peer, home]) => ({
  name: `${peer}-only-at-home`,
  comment: `An application without ${peer} must be able to load everything else.`,
  severity: 'error',
  // The commands import a peer at run time, where it is installed.
  from: { path: '^lib/', pathNot: `^lib/(?:${CLI}${home === undefined ? '' : `|${home}`})/` },
  to: { path: `(?:^|/)node_modules/${peer}/|^${peer}(?:/|$)` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: { path: '^(?:lib|sample)/' }, to: { circular: true } },
    {
      name: 'no-unknown-stage',
      comment: 'A new folder in lib/ has a place in LAYERS first.',
      severity: 'error',
      from: {},
      to: { path: '^lib/[^/]+/', pathNot: `^lib/(?:${known.join('|')})/` },
    },
    ...layerRules,
    {
      name: 'root-files-only-wire',
      comment: 'What applications load in production does not load what their tests load.',
      severity: 'error',
      from: { path: '^lib/[^/]+\\.ts$' },
      to: { path: `^lib/(?:${TESTING}|${CLI})/` },
    },
    {
      name: 'testing-wires-nothing',
      comment: 'Doubles and emulator build on the classes, not on the module.',
      severity: 'error',
      from: { path: `^lib/${TESTING}/` },
      to: { path: '^lib/[^/]+\\.ts$' },
    },
    ...peerRules,
    {
      name: 'lib-is-self-contained',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(?:test|sample|scripts|bench)/' },
    },
    {
      name: 'lib-declares-what-it-imports',
      comment: 'What lib/ imports is a dependency, a peer, or part of Node.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'], dependencyTypesNot: ['npm-peer'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'model-is-independent',
      comment: 'A model that shares code with what it judges would share its mistakes.',
      severity: 'error',
      from: { path: '^test/system/model/refresh-model\\.ts$' },
      to: { path: '^lib/', reachable: true },
    },
    {
      name: 'stub-platform-is-independent',
      comment: 'So would a platform that is made of the library.',
      severity: 'error',
      from: { path: '^test/support/stub-(?:platform|xcelerator)\\.ts$' },
      to: { path: '^lib/', reachable: true },
    },
    {
      name: 'sample-is-an-application',
      comment: 'It imports the package by its name.',
      severity: 'error',
      from: { path: '^sample/' },
      to: { path: '^lib/', dependencyTypesNot: ['aliased-tsconfig'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(?:(?:sample/)?dist|test/system/readme)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Types are dependencies, too: the drawing would else be true for the compiler's output only.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ['import', 'node', 'default', 'types'], exportsFields: ['exports'] },
  },
};
