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

/** What a docstring has to name: the variables, and of a number its range and default. */
function figuresOf({ kind, variables, default: value }: Option<unknown>): string[] {
  const [range] = /[\d,]+ to [\d,]+$/.exec(kind.type) ?? [];
  const figures = typeof value === 'number' ? [`default ${value.toLocaleString('en-US')}`] : [];
  return [...variables.map((variable) => `\`${variable}`), ...(range === undefined ? [] : [range]), ...figures];
}

it.each(options)('the docstring of %s says what its descriptor says', (_, option, text) => {
  expect(text).not.toBe('');
  expect(figuresOf(option).filter((figure) => !text.includes(figure))).toEqual([]);
});
