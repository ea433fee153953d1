import { z } from "zod";

/**
 * The kinds the examples use, with every field that they use and no other, after the API reference of Kubernetes 1.34:
 * a field that is misspelt, misplaced or of the wrong type is refused, as an API server's strict validation does.
 */
const label = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const labels = z.record(z.string(), label);
const portName = z.string().regex(/^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/);
const port = z.int().min(1).max(65_535);
const count = z.int().min(0);
const seconds = z.int().min(1);
const path = z.string().startsWith("/");
const metadata = z.strictObject({ name: label, namespace: z.literal("shop"), labels: labels.optional() });
const selector = z.strictObject({ matchLabels: labels });

const handler = {
  grpc: z.strictObject({ port, service: z.string().optional() }).optional(),
  exec: z.strictObject({ command: z.tuple([path], z.string()) }).optional(),
  tcpSocket: z.strictObject({ port }).optional(),
};
const probe = z
  .strictObject({
    ...handler,
    periodSeconds: seconds,
    timeoutSeconds: seconds.optional(),
    failureThreshold: seconds,
  })
  .refine((probe) => Object.keys(handler).filter((kind) => kind in probe).length === 1, "exactly one way to probe");

const quantity = z.string().regex(/^\d+(m|Mi)$/);
const container = z.strictObject({
  name: label,
  image: z.string().regex(/^[a-z0-9./-]+:[\w.-]+$/),
  command: z.array(z.string()).nonempty(),
  ports: z.array(z.strictObject({ name: portName, containerPort: port })).optional(),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  resources: z.strictObject({
    requests: z.strictObject({ cpu: quantity, memory: quantity }),
    limits: z.strictObject({ memory: quantity }),
  }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal("ALL")]) }),
  }),
  volumeMounts: z.array(z.strictObject({ name: label, mountPath: path, readOnly: z.literal(true) })),
});

const template = z.strictObject({
  metadata: z.strictObject({ labels }),
  spec: z.strictObject({
    serviceAccountName: label.optional(),
    automountServiceAccountToken: z.boolean(),
    terminationGracePeriodSeconds: seconds.optional(),
    securityContext: z.strictObject({
      runAsNonRoot: z.literal(true),
      seccompProfile: z.strictObject({ type: z.literal("RuntimeDefault") }),
    }),
    containers: z.tuple([container]),
    volumes: z.array(z.strictObject({ name: label, configMap: z.strictObject({ name: label }) })),
  }),
});

const kind = <K extends string, V extends string>(apiVersion: V, kind: K) => ({
  apiVersion: z.literal(apiVersion),
  kind: z.literal(kind),
});

export const manifest = z.discriminatedUnion("kind", [
  z.strictObject({ ...kind("v1", "Namespace"), metadata: z.strictObject({ name: z.literal("shop") }) }),
  z.strictObject({ ...kind("v1", "ConfigMap"), metadata, data: z.record(z.string(), z.string()) }),
  z.strictObject({ ...kind("v1", "ServiceAccount"), metadata, automountServiceAccountToken: z.boolean() }),
  z.strictObject({
    ...kind("v1", "Service"),
    metadata,
    spec: z.strictObject({
      clusterIP: z.literal("None"),
      selector: labels,
      ports: z
        .array(z.strictObject({ name: label, port, targetPort: portName, appProtocol: z.literal("kubernetes.io/h2c") }))
        .nonempty(),
    }),
  }),
  z.strictObject({
    ...kind("apps/v1", "Deployment"),
    metadata,
    spec: z.strictObject({
      replicas: count,
      strategy: z
        .strictObject({
          type: z.literal("RollingUpdate"),
          rollingUpdate: z.strictObject({ maxSurge: count, maxUnavailable: count }),
        })
        .optional(),
      selector,
      template,
    }),
  }),
  z.strictObject({
    ...kind("apps/v1", "StatefulSet"),
    metadata,
    spec: z.strictObject({ serviceName: label, replicas: count, selector, template }),
  }),
  z.strictObject({
    ...kind("policy/v1", "PodDisruptionBudget"),
    metadata,
    spec: z.strictObject({ maxUnavailable: count, selector }),
  }),
  z.strictObject({
    ...kind("rbac.authorization.k8s.io/v1", "Role"),
    metadata,
    rules: z.array(
      z.strictObject({
        apiGroups: z.array(z.string()).nonempty(),
        resources: z.array(z.string()).nonempty(),
        verbs: z.array(z.enum(["get", "list", "watch", "create", "update", "patch", "delete"])).nonempty(),
      }),
    ),
  }),
  z.strictObject({
    ...kind("rbac.authorization.k8s.io/v1", "RoleBinding"),
    metadata,
    roleRef: z.strictObject({
      apiGroup: z.literal("rbac.authorization.k8s.io"),
      kind: z.literal("Role"),
      name: label,
    }),
    subjects: z.array(z.strictObject({ kind: z.literal("ServiceAccount"), name: label, namespace: z.literal("shop") })),
  }),
]);

export type Manifest = z.infer<typeof manifest>;
export type Kind = Manifest["kind"];
