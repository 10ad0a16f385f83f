export { createMindsphereInstrumentation } from './create-instrumentation.js';
export {
  INSTRUMENTATION_PROVIDERS,
  type InstrumentationProviders,
  MindsphereCredentialsInstrumentation,
} from './mindsphere-credentials.instrumentation.js';
