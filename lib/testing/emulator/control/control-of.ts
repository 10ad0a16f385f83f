import type { EmulatorCore } from '../emulator-core.js';
import type { EmulatorControl } from './emulator-control.interface.js';

/** The control of an emulator. */
export function controlOf(core: EmulatorCore): EmulatorControl {
  return {
    get origin() {
      return core.origin;
    },
    host: core.settings.host,
    get latencyMs() {
      return core.traffic.latencyMs;
    },
    set latencyMs(value: number) {
      core.traffic.latencyMs = value;
    },
    issueUserToken: (request) => core.issueUserToken(request),
    failNext: (endpoint, fault) => core.failNext(endpoint, fault),
    rotateKeys: (platform) => core.rotateKeys(platform),
    requests: () => core.requests(),
    record: (message, { endpoint, platform }) => core.log.addMessage(endpoint, platform, message),
  };
}
