/** Injection token of a registration's {@link ResolvedOptions}. */
export const RESOLVED_OPTIONS = Symbol('mindsphere-credentials:resolved-options');
