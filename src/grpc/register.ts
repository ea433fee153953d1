import { registerBuiltInBackends } from "../backends/index.js";
import { observeProcess } from "../observe/begin.js";
import { onTargetForm } from "../target/forms.js";
import { warnOfSecondCopy } from "./grpc-js-copies.js";
import { registerPolicies } from "./policy/policy.js";
import { registerTargetScheme } from "./resolver/resolver.js";

registerPolicies();
registerBuiltInBackends();
onTargetForm(registerTargetScheme);
warnOfSecondCopy();
observeProcess();
