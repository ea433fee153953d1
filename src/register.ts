/**
 * `import "rollcall/register"` teaches grpc-js the target schemes of Rollcall's backends (`etcd:`, `discov:`, `direct:`,
 * `k8s:`, `dns:` and those of registerBackend) and the load-balancing policy `p2c_ewma`, which they select.
 */
import "./async/detached.js"; // in the context that background work runs in: nobody's
import "./grpc/register.js";
