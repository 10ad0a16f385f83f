import { isValues, ownValue, type Values } from '../util/json.js';
import type { Options, Section } from './descriptor.js';
import { originOf } from './origin.js';
import { type Findings, type Reading, readSection, type ReadSections } from './read-section.js';
import { SECTIONS } from './sections/module.options.js';

/** All sections as they were read. */
export type ReadOptions = ReadSections<typeof SECTIONS>;

/** Reads all sections, each by its descriptor. */
export function readOptions(options: unknown, findings: Findings): ReadOptions {
  if (!isValues(options)) {
    const example = '`({ … })` or with `return`, e.g. mindsphereOptionsFromConfig(config)';
    findings.fault('options', `must be an object: write what useFactory returns as ${example}`);
  }
  const values = isValues(options) ? options : {};
  const reading = readingOf(values, findings);
  const read = Object.entries(SECTIONS).map(
    ([name, section]: [string, Section<Options>]) =>
      [name, readSection(section, valueAt(values, section.path), reading)] as const,
  );
  return Object.fromEntries(read) as ReadSections<object> as ReadOptions;
}

function readingOf(values: Values, findings: Findings): Reading {
  // Where options from variables were spread into another object, the origin is noted at their groups alone.
  const origin = [values, ...Object.values(values)].map(originOf).find(({ isEnvironment }) => isEnvironment);
  return {
    findings,
    prefix: origin?.prefix ?? '',
    allowInsecureHttp: ownValue(values, 'allowInsecureHttp') === true,
  };
}

/** What stands at the path of a section. */
function valueAt(values: Values, path: string): unknown {
  const names = path === '' ? [] : path.split('.');
  return names.reduce<unknown>((value, name) => (isValues(value) ? ownValue(value, name) : undefined), values);
}
