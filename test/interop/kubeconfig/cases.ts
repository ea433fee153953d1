export interface Case {
  /** By their names in a folder of their own; an object is written as JSON, which is YAML. */
  readonly files: Readonly<Record<string, object | string>>;
  /** $KUBECONFIG, of which each name is in that folder; an empty one stays empty. */
  readonly kubeconfig: readonly string[];
  readonly context?: string;
}

const base64 = (text: string) => Buffer.from(text).toString("base64");
const cluster = (name: string, more: object = {}) => ({ name, cluster: { server: `https://${name}:6443`, ...more } });
const user = (name: string, more: object = { token: `token of ${name}` }) => ({ name, user: more });
const context = (name: string, more: object = {}) => ({ name, context: { cluster: name, user: name, ...more } });

/** A kubeconfig with one cluster, user and context, all of this name, unless more is said. */
function config(name: string, more: object = {}): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [cluster(name)],
    users: [user(name)],
    contexts: [context(name)],
    "current-context": name,
    ...more,
  };
}

const exec = (command: string) => ({
  exec: { apiVersion: "client.authentication.k8s.io/v1", interactiveMode: "Never", command },
});
export const PLUGIN = `#!/bin/sh
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'"from $(basename $(dirname "$0"))"'"}}'
`;

export const cases: Readonly<Record<string, Case>> = {
  "one file": { files: { a: config("a") }, kubeconfig: ["a"] },
  "a context that is asked for": {
    files: {
      a: config("a", { contexts: [context("a"), context("other", { cluster: "a", user: "a", namespace: "n" })] }),
    },
    kubeconfig: ["a"],
    context: "other",
  },
  "two files, of which the first says the current context": {
    files: { a: config("a"), b: config("b") },
    kubeconfig: ["a", "b"],
  },
  "the current context of the second, where the first has none": {
    files: { a: config("a", { "current-context": "" }), b: config("b") },
    kubeconfig: ["a", "b"],
  },
  "a first file that says no more than which context is meant": {
    files: { a: { apiVersion: "v1", kind: "Config", "current-context": "b" }, b: config("b") },
    kubeconfig: ["a", "b"],
  },
  "a context whose cluster and user stand in other files": {
    files: {
      a: config("a", { contexts: [context("a", { cluster: "b", user: "c" })] }),
      b: config("b"),
      c: config("c"),
    },
    kubeconfig: ["a", "b", "c"],
  },
  "equal names: of each the whole entry of the first file, nothing of the second's": {
    files: {
      a: config("a", { clusters: [cluster("a")], users: [user("a", { username: "u", password: "p" })] }),
      b: config("a", {
        clusters: [cluster("a", { "tls-server-name": "of-b", "insecure-skip-tls-verify": true })],
        users: [user("a", { token: "of b" })],
        contexts: [context("a", { namespace: "of-b" })],
      }),
    },
    kubeconfig: ["a", "b"],
  },
  "files that are missing, empty or named twice, and empty names": {
    files: { empty: "", blank: "\n", a: config("a"), b: config("b") },
    kubeconfig: ["none", "", "empty", "blank", "a", "a", "b", "none"],
  },
  "nothing but missing files": { files: {}, kubeconfig: ["none", "neither"] },
  "nothing but an empty file": { files: { empty: "" }, kubeconfig: ["empty"] },
  "a second file that cannot be read": { files: { a: config("a"), b: "{" }, kubeconfig: ["a", "b"] },
  "a folder among the files": { files: { a: config("a"), "sub/b": config("b") }, kubeconfig: ["a", "sub"] },
  "no current context": { files: { a: config("a", { "current-context": "" }) }, kubeconfig: ["a"] },
  "a current context that is not there": { files: { a: config("a", { "current-context": "b" }) }, kubeconfig: ["a"] },
  "a context that is asked for and is not there": { files: { a: config("a") }, kubeconfig: ["a"], context: "b" },
  "a cluster that is not there": {
    files: { a: config("a", { contexts: [context("a", { cluster: "b" })] }) },
    kubeconfig: ["a"],
  },
  "a user that is not there": {
    files: { a: config("a", { contexts: [context("a", { user: "b" })] }) },
    kubeconfig: ["a"],
  },
  "a context without a user": {
    files: { a: config("a", { contexts: [{ name: "a", context: { cluster: "a" } }] }) },
    kubeconfig: ["a"],
  },
  "a cluster without a server": {
    files: { a: config("a", { clusters: [{ name: "a", cluster: {} }] }) },
    kubeconfig: ["a"],
  },
  "certificates by files, relative to the kubeconfig that names them": {
    files: {
      "one/ca.pem": "ca of one",
      "two/ca.pem": "ca of two",
      "two/user.pem": "cert of two",
      "two/user.key": "key of two",
      "one/a": config("a", { clusters: [cluster("a", { "certificate-authority": "ca.pem" })], contexts: [] }),
      "two/b": config("b", {
        users: [user("b", { "client-certificate": "./user.pem", "client-key": "user.key" })],
        contexts: [context("b", { cluster: "a" })],
      }),
    },
    kubeconfig: ["one/a", "two/b"],
    context: "b",
  },
  "an authority given in two ways": {
    files: {
      "ca.pem": "ca by name",
      a: config("a", {
        clusters: [cluster("a", { "certificate-authority": "ca.pem", "certificate-authority-data": base64("ca") })],
      }),
    },
    kubeconfig: ["a"],
  },
  "certificates in the file": {
    files: {
      a: config("a", {
        clusters: [cluster("a", { "certificate-authority-data": base64("ca") })],
        users: [user("a", { "client-certificate-data": base64("cert"), "client-key-data": base64("key") })],
      }),
    },
    kubeconfig: ["a"],
  },
  "a certificate given in two ways": {
    files: {
      "user.pem": "cert by name",
      a: config("a", {
        users: [
          user("a", {
            "client-certificate": "user.pem",
            "client-certificate-data": base64("cert"),
            "client-key-data": base64("key"),
          }),
        ],
      }),
    },
    kubeconfig: ["a"],
  },
  "a certificate without its key": {
    files: { a: config("a", { users: [user("a", { "client-certificate-data": base64("cert") })] }) },
    kubeconfig: ["a"],
  },
  "a certificate that is not there": {
    files: { a: config("a", { clusters: [cluster("a", { "certificate-authority": "ca.pem" })] }) },
    kubeconfig: ["a"],
  },
  "a token beside a password": {
    files: { a: config("a", { users: [user("a", { token: "t", username: "someone", password: "secret" })] }) },
    kubeconfig: ["a"],
  },
  "a token file that is not there": {
    files: { a: config("a", { users: [user("a", { tokenFile: "token" })] }) },
    kubeconfig: ["a"],
  },
  "a server without a scheme": {
    files: { a: config("a", { clusters: [{ name: "a", cluster: { server: "a:6443" } }] }) },
    kubeconfig: ["a"],
  },
  "a token by file, relative to the kubeconfig": {
    files: { "sub/token": "of the file\n", "sub/a": config("a", { users: [user("a", { tokenFile: "token" })] }) },
    kubeconfig: ["sub/a"],
  },
  "a token and a token file": {
    files: { token: "of the file", a: config("a", { users: [user("a", { token: "given", tokenFile: "token" })] }) },
    kubeconfig: ["a"],
  },
  "user and password": {
    files: { a: config("a", { users: [user("a", { username: "someone", password: "se:cret" })] }) },
    kubeconfig: ["a"],
  },
  "a server name, no verification, a path": {
    files: {
      a: config("a", {
        clusters: [
          {
            name: "a",
            cluster: { server: "https://a:6443/k8s/one", "tls-server-name": "b", "insecure-skip-tls-verify": true },
          },
        ],
      }),
    },
    kubeconfig: ["a"],
  },
  "an exec plugin relative to its kubeconfig": {
    files: { "one/plugin": PLUGIN, "one/a": config("a", { users: [user("a", exec("./plugin"))] }), "two/plugin": "" },
    kubeconfig: ["two/none", "one/a"],
  },
  "an exec plugin in a folder below": {
    files: { "bin/plugin": PLUGIN, a: config("a", { users: [user("a", exec("bin/plugin"))] }) },
    kubeconfig: ["a"],
  },
  "an exec plugin above": {
    files: { "bin/plugin": PLUGIN, "sub/a": config("a", { users: [user("a", exec("../bin/plugin"))] }) },
    kubeconfig: ["sub/a"],
  },
  "an exec plugin on the path, not the one beside the file": {
    files: {
      "path/rollcall-plugin": PLUGIN,
      "rollcall-plugin": "",
      a: config("a", { users: [user("a", exec("rollcall-plugin"))] }),
    },
    kubeconfig: ["a"],
  },
  "an exec plugin that is missing": {
    files: { a: config("a", { users: [user("a", exec("./plugin"))] }) },
    kubeconfig: ["a"],
  },
  "plain HTTP": {
    files: { a: config("a", { clusters: [{ name: "a", cluster: { server: "http://127.0.0.1:8001" } }] }) },
    kubeconfig: ["a"],
  },
  "plain HTTP beside an exec plugin that is missing": {
    files: {
      a: config("a", {
        clusters: [{ name: "a", cluster: { server: "http://127.0.0.1:8001" } }],
        users: [user("a", exec("./plugin"))],
      }),
    },
    kubeconfig: ["a"],
  },
  "somebody to act as": {
    files: { a: config("a", { users: [user("a", { token: "t", as: "someone" })] }) },
    kubeconfig: ["a"],
  },
  "somebody to act as, with all that can be said of them": {
    files: {
      a: config("a", {
        users: [
          user("a", {
            token: "t",
            as: "someone",
            "as-uid": "17",
            "as-groups": ["dev", "ops"],
            "as-user-extra": { "shop.example/Team": ["cart", "order"], "1 %": ["x"] },
          }),
        ],
      }),
    },
    kubeconfig: ["a"],
  },
  "groups to act as that are no list": {
    files: { a: config("a", { users: [user("a", { token: "t", as: "someone", "as-groups": "dev" })] }) },
    kubeconfig: ["a"],
  },
  "something more of somebody to act as that is no list": {
    files: { a: config("a", { users: [user("a", { token: "t", as: "someone", "as-user-extra": { team: "cart" } })] }) },
    kubeconfig: ["a"],
  },
  "an empty list of groups to act as": {
    files: { a: config("a", { users: [user("a", { token: "t", as: "someone", "as-groups": [] })] }) },
    kubeconfig: ["a"],
  },
  "groups of nobody to act as": {
    files: { a: config("a", { users: [user("a", { token: "t", "as-groups": ["dev"] })] }) },
    kubeconfig: ["a"],
  },
};
