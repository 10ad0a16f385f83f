export type { CredentialsHealth, TenantsHealth } from './credentials-health.js';
export {
  createMindsphereHealthIndicator,
  MindsphereHealthIndicator,
  type MindsphereHealthOptions,
} from './mindsphere.health-indicator.js';
