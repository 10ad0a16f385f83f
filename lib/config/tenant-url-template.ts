import { TENANT_PLACEHOLDER } from '../platform/platform.interface.js';
import { isDnsLabel } from '../util/formats.js';

/** A URL that differs between tenants in one host label or path segment. Immutable. */
export class TenantUrlTemplate {
  readonly #before: string;
  readonly #after: string;

  /** Takes a URL that holds `{tenant}` once; the option checks have made sure of it. */
  constructor(template: string) {
    const at = template.indexOf(TENANT_PLACEHOLDER);
    this.#before = template.slice(0, at);
    this.#after = template.slice(at + TENANT_PLACEHOLDER.length);
  }

  /** The URL of one tenant, which must be a checked label. */
  for(tenant: string): string {
    return this.#before + tenant + this.#after;
  }

  /** The tenant of a URL made from this template, or `undefined`: anchored at both ends, for one whole label. */
  tenantOf(url: string): string | undefined {
    if (!url.startsWith(this.#before) || !url.endsWith(this.#after)) return undefined;
    const tenant = url.slice(this.#before.length, url.length - this.#after.length);
    return isDnsLabel(tenant) ? tenant : undefined;
  }

  /** Whether there is a URL that both templates match. */
  overlaps(other: TenantUrlTemplate): boolean {
    // No label holds one of these, so URLs are equal only where all that stands between them is.
    const [own, its] = [this, other].map((template) => template.toString().split(/([/:.])/));
    const isSame = (one: string, another = '') =>
      one === another ||
      (one === TENANT_PLACEHOLDER && (another === TENANT_PLACEHOLDER || isDnsLabel(another))) ||
      (another === TENANT_PLACEHOLDER && isDnsLabel(one));
    return own?.length === its?.length && own?.every((part, index) => isSame(part, its?.[index])) === true;
  }

  /** The template without the path behind the tenant; `undefined` where it has none. */
  withoutPathBehind(): TenantUrlTemplate | undefined {
    const slash = this.#after.indexOf('/');
    return slash < 0
      ? undefined
      : new TenantUrlTemplate(this.#before + TENANT_PLACEHOLDER + this.#after.slice(0, slash));
  }

  /** A template of a URL below this one. */
  append(path: string): TenantUrlTemplate {
    return new TenantUrlTemplate(this.toString() + path);
  }

  toString(): string {
    return this.for(TENANT_PLACEHOLDER);
  }
}
