import { registerBuiltInBackends } from "../backends/index.js";
import { inspectIfAsked } from "../observe/inspect/inspect.js";
import { logEachMinute } from "../observe/minute-log.js";
import { onTargetForm } from "../target/forms.js";
import { warnOfSecondCopy } from "./grpc-js-copies.js";
import { registerPolicies } from "./policy/policy.js";
import { registerTargetScheme } from "./resolver/resolver.js";

registerPolicies();
registerBuiltInBackends();
onTargetForm(registerTargetScheme);
warnOfSecondCopy();
inspectIfAsked();
logEachMinute();
