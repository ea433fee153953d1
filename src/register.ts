/**
 * `import "rollcall/register"` teaches grpc-js the target schemes of Rollcall's backends (`etcd:`, `discov:`, `direct:`,
 * `k8s:`, `dns:` and those of registerBackend) and the load-balancing policy `p2c_ewma`, which they select.
 */
import "./grpc/register.js";
