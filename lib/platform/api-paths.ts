/*
 * Paths of the services behind the gateway, as they are written for `mindsphere.io`. `PlatformRules.apiPath` makes those of
 * a platform.
 */

/** An API for examples. */
export const EXAMPLE_API = '/api/assetmanagement/v3/assets';

/** These two resources are found only with a slash at the end [code]. */
const WITH_SLASH = /\/api\/(?:assetmanagement|eventmanagement)\/v3\/$/;

/** Whether the slash at the end of a URL counts. */
export function endsWithSlash(url: string): boolean {
  return WITH_SLASH.test(url);
}

/** Whether the URL of a gateway ends where the paths of all calls begin. */
export function endsInApi(gatewayUrl: string): boolean {
  return /[^/]\/api\/?$/.test(gatewayUrl);
}
