import { readFileSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { homeFolder } from "../../home-folder.js";
import type { ExecConfig } from "./access/exec-program.js";
import { type ActsAs, impersonationHeaders } from "./impersonation.js";

/** A user of a kubeconfig, as far as it is used here. */
export interface KubeconfigUser {
  readonly name: string;
  readonly token?: string;
  /** Goes before a token. @kubernetes/client-node does not read it. */
  readonly tokenFile?: string;
  /** Headers that say whom to take it for. @kubernetes/client-node sends one of them. */
  readonly impersonation?: Readonly<Record<string, string | string[]>>;
  readonly username?: string;
  readonly password?: string;
  readonly certFile?: string;
  readonly certData?: string;
  readonly keyFile?: string;
  readonly keyData?: string;
  /** `exec` in the file: under another name, because the library would run it. */
  readonly program?: ExecConfig;
  readonly authProvider?: { readonly name?: string; readonly config?: Readonly<Record<string, string>> };
}

/** As the library reads it. */
type LibraryUser = KubeconfigUser & { readonly exec?: ExecConfig | null };

/** A cluster, likewise. */
export interface KubeconfigCluster {
  readonly name: string;
  readonly server: string;
  readonly proxyUrl?: string;
  readonly caFile?: string;
  readonly caData?: string;
  skipTLSVerify: boolean;
}

/** The ways in which files are read. */
export interface KubeconfigReaders<C extends KubeConfig> {
  create(): C;
  parseYaml(text: string): unknown;
}

interface Entries {
  readonly contexts: readonly {
    readonly name: string;
    readonly cluster: string;
    readonly user?: string;
    readonly namespace?: string;
  }[];
  readonly clusters: readonly KubeconfigCluster[];
  readonly users: readonly KubeconfigUser[];
}

/** What is used of the KubeConfig of @kubernetes/client-node. Structural, so that no type of ours needs the library. */
export interface KubeConfig extends Entries {
  loadFromFile(file: string): void;
  loadFromOptions(options: Entries & { readonly currentContext: string }): void;
  getCurrentContext(): string;
}

/**
 * Which files are read: those of $KUBECONFIG in their order, else ~/.kube/config.
 * @throws Error when there is no home folder either.
 */
export function kubeconfigFiles(kubeconfig: string | undefined): string[] {
  const files = (kubeconfig ?? "").split(delimiter).filter((file) => file !== "");
  if (files.length > 0) return files;
  const inHome = homeKubeconfig();
  if (inHome !== undefined) return [inHome];
  throw new Error("there is no kubeconfig: $KUBECONFIG is not set, and this user has no home folder");
}

/** ~/.kube/config, whether it is there or not; undefined without a home folder. */
export function homeKubeconfig(): string | undefined {
  const home = homeFolder();
  return home === undefined ? undefined : join(home, ".kube", "config");
}

/**
 * Loads files as kubectl merges them: what a file says first counts, a file that is missing or empty is skipped, and paths are
 * relative to the file that they stand in.
 * (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files)
 * @throws Error when there is none of the files, or one cannot be read.
 */
export function loadMerged<C extends KubeConfig>(files: readonly string[], readers: KubeconfigReaders<C>): C {
  const loaded = files.filter(hasText).map((file) => {
    const config = readers.create();
    config.loadFromFile(file);
    const more = moreOfUsers(file, readers.parseYaml);
    const users = (config.users as readonly LibraryUser[]).map(({ exec, ...user }): KubeconfigUser => {
      // A bare name is looked for on the path.
      if (exec?.command && /[\\/]/.test(exec.command) && !isAbsolute(exec.command)) {
        exec.command = resolve(dirname(file), exec.command);
      }
      return { ...user, ...(exec && { program: exec }), ...more.get(user.name) };
    });
    return { config, users };
  });
  if (loaded.length === 0) throw new Error("there is no such file, or nothing in it");
  const merged = readers.create();
  merged.loadFromOptions({
    contexts: firstOfEachName(loaded.map(({ config }) => config.contexts)),
    clusters: firstOfEachName(loaded.map(({ config }) => config.clusters)),
    users: firstOfEachName(loaded.map(({ users }) => users)),
    currentContext: loaded.map(({ config }) => config.getCurrentContext()).find((name) => name) ?? "",
  });
  return merged;
}

function hasText(file: string): boolean {
  try {
    return readFileSync(file, "utf8").trim() !== "";
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** What the library does not read, by the users' names. Whether it is a kubeconfig has been looked at before. */
function moreOfUsers(file: string, parseYaml: (text: string) => unknown): Map<string, Partial<KubeconfigUser>> {
  const { users } = parseYaml(readFileSync(file, "utf8")) as {
    users?: { name?: string; user?: { tokenFile?: string } & ActsAs }[];
  };
  const found = new Map<string, Partial<KubeconfigUser>>();
  for (const { name, user } of users ?? []) {
    if (!name || !user) continue;
    const { tokenFile } = user;
    const impersonation = impersonationHeaders(user);
    found.set(name, {
      ...(tokenFile && { tokenFile: resolve(dirname(file), tokenFile) }),
      ...(impersonation && { impersonation }),
    });
  }
  return found;
}

function firstOfEachName<T extends { readonly name: string }>(lists: readonly (readonly T[])[]): T[] {
  const byName = new Map<string, T>();
  for (const entry of lists.flat()) if (!byName.has(entry.name)) byName.set(entry.name, entry);
  return [...byName.values()];
}
