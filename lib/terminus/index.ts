export { createMindsphereHealthIndicator } from './create-health-indicator.js';
export type { CredentialsHealth, TenantsHealth } from './credentials-health.js';
export { MindsphereHealthIndicator, type MindsphereHealthOptions } from './mindsphere.health-indicator.js';
