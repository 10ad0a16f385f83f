export {
  createMindsphereInstrumentation,
  INSTRUMENTATION_PROVIDERS,
  type InstrumentationProviders,
  MindsphereCredentialsInstrumentation,
} from './mindsphere-credentials.instrumentation.js';
