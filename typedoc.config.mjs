import { OptionDefaults } from 'typedoc';
import { entryPoints } from './scripts/entry-points.mjs';

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  entryPoints,
  tsconfig: 'tsconfig.build.json',
  out: 'site',
  name: 'nestjs-mindsphere-credentials',
  includeVersion: true,
  // Where the sources are published is not known yet, and a link into a checkout leads nowhere.
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  githubPages: false,
  // The search is docs/site-search.js.
  customCss: 'docs/site.css',
  headings: { readme: false, document: false },
  navigation: { includeCategories: true, includeGroups: false },
  categorizeByGroup: false,
  defaultCategory: 'API',
  categoryOrder: ['Tutorial', 'Guides', 'Reference', 'Explanation', 'API'],
  sort: ['documents-first', 'source-order'],
  sortEntryPoints: false,
  highlightLanguages: [...OptionDefaults.highlightLanguages, 'dockerfile', 'http', 'diff', 'python', 'java', 'ini'],
  ignoredHighlightLanguages: ['mermaid'],
  treatWarningsAsErrors: true,
  // Parts of signatures that an application does not name.
  intentionallyNotExported: ['ApiError', 'TenantNameFunction', 'TechnicalUserOptions', 'Claims', 'FrontEndpoint'],
  validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: true, unusedMergeModuleWith: true },
  requiredToBeDocumented: [
    'Enum',
    'EnumMember',
    'Variable',
    'Function',
    'Class',
    'Interface',
    'Property',
    'Method',
    'Accessor',
    'TypeAlias',
  ],
};
