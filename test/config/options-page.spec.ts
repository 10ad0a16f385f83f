import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Option, Options, Section } from '../../lib/config/descriptor.js';
import { ALL_SECTIONS, MODULE } from '../../lib/config/sections/module.options.js';

const { interfaceTexts, optionTables } = (await import(
  new URL('../../scripts/options-table.mjs', import.meta.url).href
)) as {
  interfaceTexts: () => Map<string, string>;
  optionTables: (sections: readonly Section<Options>[]) => string;
};

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'options.md'), 'utf8');
const texts = interfaceTexts();
const sections: readonly Section<Options>[] = ALL_SECTIONS;
const options = sections.flatMap((section) =>
  Object.entries(section.options).map(([name, option]): [string, Option<unknown>, string] => [
    section.path === '' ? name : `${section.path}.${name}`,
    option,
    texts.get(`${section.of}.${name}`) ?? '',
  ]),
);

describe('docs/options.md', () => {
  it('has the tables that the descriptors make: npm run options:table', () => {
    expect(page).toContain(optionTables(sections));
  });

  it('has every section of the options', () => {
    expect(sections.map(({ path }) => path)).toEqual(expect.arrayContaining([...(MODULE.sections ?? [])]));
  });
});

describe.each(options)('the docstring of %s', (_, { kind, variables, default: value }, text) => {
  it('says what its descriptor says', () => {
    expect(text).not.toBe('');
    for (const variable of variables) expect(text).toContain(`\`${variable}`);
    const [range] = /[\d,]+ to [\d,]+$/.exec(kind.type) ?? [];
    if (range !== undefined) expect(text).toContain(range);
    if (typeof value === 'number') expect(text).toMatch(new RegExp(`default ${value.toLocaleString('en-US')}(?!\\d)`));
  });
});
