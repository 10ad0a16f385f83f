/** The runner of this application's tests; a Jest cell puts another file here. */
export { expect, it } from 'vitest';
