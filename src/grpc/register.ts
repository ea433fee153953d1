import { registerBuiltInBackends } from "../backends/index.js";
import { onBackend } from "../registry.js";
import { warnOfSecondCopy } from "./grpc-js-copies.js";
import { registerP2cEwma } from "./policy/policy.js";
import { registerTargetScheme } from "./resolver/resolver.js";

registerP2cEwma();
registerBuiltInBackends();
onBackend(registerTargetScheme);
warnOfSecondCopy();
